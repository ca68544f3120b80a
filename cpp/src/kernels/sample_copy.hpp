// Copies of samples that are scaled on the way.
#pragma once

#include <complex>
#include <cstdint>

namespace mriembed::kernels {

// Writes `count` samples times `scale` to `to`.
void copy_scaled(const std::complex<float>* from, std::int64_t count, float scale, std::complex<float>* to);

}  // namespace mriembed::kernels
