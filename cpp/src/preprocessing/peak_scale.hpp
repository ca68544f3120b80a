// By what samples are scaled, so that their squares neither overflow nor lose digits. Peaks are bits, see
// kernels/peak.hpp.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>

namespace mriembed {

// The power of two that brings a peak with these bits to between 1 and 2 (to at most 2 where it is smaller than every
// normal number): multiplying by it loses nothing.
inline float scale_to_one(std::int32_t peak_bits) {
  const std::int32_t exponent = std::clamp(254 - (peak_bits >> 23), 1, 253);
  return std::bit_cast<float>(exponent << 23);
}

// Whether squares of samples of this peak, times a power of two, neither overflow nor lose digits that matter.
inline bool squares_are_safe(std::int32_t peak_bits, float scale) {
  return peak_bits != 0 && std::abs((peak_bits >> 23) - 127 + std::ilogb(scale)) <= 32;
}

}  // namespace mriembed
