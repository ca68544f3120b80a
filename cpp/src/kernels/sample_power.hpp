// The power of samples in float64.
#pragma once

#include <complex>
#include <cstdint>

namespace mriembed::kernels {

// The sum of |v|^2 over `count` samples.
double power_of(const std::complex<float>* samples, std::int64_t count);

// Adds weight |v|^2 of each of `count` samples to its own sum.
void add_power(const std::complex<float>* samples, std::int64_t count, double weight, double* sums);

}  // namespace mriembed::kernels
