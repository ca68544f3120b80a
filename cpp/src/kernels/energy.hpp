// The energy of samples.
#pragma once

#include <complex>
#include <cstdint>

namespace mriembed::kernels {

// The sum of |v|^2 over `count` samples. Expects |v| between 1e-15 and 1e15 where it matters. Summed in float32 over at
// most 1024 samples, then in float64.
double energy_of(const std::complex<float>* samples, std::int64_t count);

}  // namespace mriembed::kernels
