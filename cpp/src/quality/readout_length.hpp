// Readouts as images along x, for figures that do not depend on the last samples.
#pragma once

#include <complex>
#include <cstdint>

#include "kernels/fourier.hpp"

namespace mriembed::quality {

// The longest length up to this one that FourierTransform serves.
inline std::int64_t transformed_length(std::int64_t length) {
  while (!kernels::FourierTransform::serves(length)) {
    --length;
  }
  return length;
}

// The central `width` of `samples` samples, `stride` apart, with k = 0 in front.
inline void copy_readout(const std::complex<float>* from, std::int64_t stride, std::int64_t samples, std::int64_t width,
                         std::complex<float>* to) {
  const std::int64_t first = samples / 2 - width / 2;
  for (std::int64_t x = 0; x < width; ++x) {
    to[(x + width - width / 2) % width] = from[(first + x) * stride];
  }
}

}  // namespace mriembed::quality
