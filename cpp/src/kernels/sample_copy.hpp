// Copies of samples that are looked at on the way.
#pragma once

#include <complex>
#include <cstdint>

namespace mriembed::kernels {

// Writes `count` samples times `scale` to `to`. Returns what CoilBlock::read returns: the bits of the largest real or
// imaginary part before scaling, without its sign.
std::int32_t copy_scaled(const std::complex<float>* from, std::int64_t count, float scale, std::complex<float>* to);

}  // namespace mriembed::kernels
