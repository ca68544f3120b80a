// Waiting without sleeping, for a short time.
#pragma once

#include <chrono>

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

namespace mriembed::threads {

// Longer than the pauses between the parallel pieces of a slice and than one unit of work, shorter than anything that a
// user or a scheduler notices. Going to sleep and being woken costs 5 to 50 microseconds.
constexpr std::chrono::microseconds spin_time{100};

inline void relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  _mm_pause();
#endif
}

// Whether `ready()` became true within spin_time.
template <typename Ready>
bool spin_until(const Ready& ready) noexcept {
  constexpr int looks = 16;  // between two looks at the clock
  const auto end = std::chrono::steady_clock::now() + spin_time;
  do {
    for (int look = 0; look < looks; ++look) {
      if (ready()) {
        return true;
      }
      relax();
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

}  // namespace mriembed::threads
