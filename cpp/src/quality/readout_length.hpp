// Readouts as images along x, for figures that do not depend on the last samples.
#pragma once

#include <algorithm>
#include <complex>
#include <cstdint>
#include <optional>

#include "kernels/fourier.hpp"

namespace mriembed::quality {

// The longest length up to this one that FourierTransform serves.
inline std::int64_t transformed_length(std::int64_t length) {
  while (!kernels::FourierTransform::serves(length)) {
    --length;
  }
  return length;
}

// The transform of this length, kept from slice to slice.
inline const kernels::FourierTransform& transform_of(std::int64_t length,
                                                     std::optional<kernels::FourierTransform>& kept) {
  if (!kept.has_value() || kept->length() != length) {
    kept.emplace(length);
  }
  return *kept;
}

// The central `width` of `samples` samples, `stride` apart, with k = 0 in front.
inline void copy_readout(const std::complex<float>* from, std::int64_t stride, std::int64_t samples, std::int64_t width,
                         std::complex<float>* to) {
  const std::complex<float>* const middle = from + samples / 2 * stride;
  const std::int64_t before = width / 2;
  if (stride == 1) {
    std::copy_n(middle - before, before, std::copy_n(middle, width - before, to));
    return;
  }
  for (std::int64_t x = 0; x < width - before; ++x) {
    to[x] = middle[x * stride];
  }
  for (std::int64_t x = 0; x < before; ++x) {
    to[width - before + x] = middle[(x - before) * stride];
  }
}

}  // namespace mriembed::quality
