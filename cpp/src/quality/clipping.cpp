#include "quality/clipping.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "kernels/peak.hpp"

namespace mriembed::quality {

namespace {

constexpr float alike = 1.0F - 1.0F / 1024;
constexpr std::int64_t together = 32;  // samples whose peak is looked at first

}  // namespace

void Clipping::add(const std::complex<float>* samples, std::int64_t count) {
  const auto counts_nothing = [&](std::int64_t first, std::int64_t samples_from_there) {
    const auto peak = std::bit_cast<float>(kernels::peak_bits(samples + first, samples_from_there));
    return peak < alike * second_.magnitude;
  };
  if (counts_nothing(0, count)) {
    return;
  }
  for (std::int64_t first = 0; first < count; first += together) {
    const std::int64_t end = std::min(count, first + together);
    if (counts_nothing(first, end - first)) {
      continue;
    }
    for (std::int64_t sample = first; sample < end; ++sample) {
      add(std::abs(samples[sample].real()));
      add(std::abs(samples[sample].imag()));
    }
  }
}

void Clipping::add(float magnitude) {
  if (magnitude < alike * second_.magnitude) {
    return;
  }
  if (alike * magnitude > largest_.magnitude) {
    second_ = largest_;
    largest_ = {magnitude, 1};
  } else if (magnitude >= alike * largest_.magnitude) {
    largest_ = {std::max(magnitude, largest_.magnitude), largest_.parts + 1};
  } else if (alike * magnitude > second_.magnitude) {
    second_ = {magnitude, 1};
  } else {
    second_ = {std::max(magnitude, second_.magnitude), second_.parts + 1};
  }
}

}  // namespace mriembed::quality
