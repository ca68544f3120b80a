// The power of samples.
#pragma once

#include <complex>
#include <cstdint>

namespace mriembed::kernels {

// The sum of |v|^2 over `count` samples, in float64.
double power_of(const std::complex<float>* samples, std::int64_t count);

// Adds |scale v|^2 of each of `count` samples to its own sum.
void add_power(const std::complex<float>* samples, std::int64_t count, float scale, float* sums);

}  // namespace mriembed::kernels
