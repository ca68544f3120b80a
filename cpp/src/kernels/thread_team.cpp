#include "kernels/thread_team.hpp"

#include <cstddef>
#include <exception>
#include <vector>

// ThreadSanitizer cannot look into torch's OpenMP library, so it is told here, and only here, what that guarantees:
// what happened before a team starts is visible to its threads, and what they did is visible once the team has ended.
// What threads of one team do to each other stays in its sight.
#ifdef __SANITIZE_THREAD__
extern "C" void __tsan_acquire(void* address);  // NOLINT(bugprone-reserved-identifier)
extern "C" void __tsan_release(void* address);  // NOLINT(bugprone-reserved-identifier)
#define MRIEMBED_UNSEEN_BY_SANITIZER __attribute__((no_sanitize("thread")))
#else
#define MRIEMBED_UNSEEN_BY_SANITIZER
#endif

namespace mriembed::kernels {

namespace {

// What one thread released before, another sees after it acquires.
class HappensBefore {
 public:
  void release() {
#ifdef __SANITIZE_THREAD__
    __tsan_release(this);
#endif
  }
  void acquire() {
#ifdef __SANITIZE_THREAD__
    __tsan_acquire(this);
#endif
  }
};

struct Team {
  const std::function<void(std::int64_t)>& part;
  std::vector<std::exception_ptr> failures;
  HappensBefore start{};
  HappensBefore end{};

  void run(std::int64_t index) {
    start.acquire();
    try {
      part(index);
    } catch (...) {
      failures[static_cast<std::size_t>(index)] = std::current_exception();
    }
    end.release();
  }
};

// Hands the team over in the OpenMP library's own memory, which no annotation reaches: hence apart from all that
// counts.
MRIEMBED_UNSEEN_BY_SANITIZER void run_team(Team* team, std::int64_t parts) {
#pragma omp parallel for num_threads(static_cast<int>(parts)) schedule(static, 1)
  for (std::int64_t index = 0; index < parts; ++index) {
    team->run(index);
  }
}

}  // namespace

void run_parts(std::int64_t parts, const std::function<void(std::int64_t)>& part) {
  if (parts == 1) {
    part(0);
    return;
  }
  Team team{part, std::vector<std::exception_ptr>(static_cast<std::size_t>(parts))};
  team.start.release();
  run_team(&team, parts);
  team.end.acquire();
  for (const std::exception_ptr& failure : team.failures) {
    if (failure) {
      std::rethrow_exception(failure);
    }
  }
}

}  // namespace mriembed::kernels
