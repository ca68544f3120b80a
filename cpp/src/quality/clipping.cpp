#include "quality/clipping.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "kernels/peak.hpp"

namespace mriembed::quality {

namespace {

constexpr float alike = 1.0F - 1.0F / 1024;

}  // namespace

void Clipping::add(const std::complex<float>* samples, std::int64_t count) {
  const auto peak = std::bit_cast<float>(kernels::peak_bits(samples, count));
  if (peak < alike * second_.magnitude) {
    return;
  }
  for (std::int64_t sample = 0; sample < count; ++sample) {
    add(std::abs(samples[sample].real()));
    add(std::abs(samples[sample].imag()));
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
