// From the images of virtual coils to the channels that the network reads.
#pragma once

#include <complex>
#include <cstdint>

namespace mriembed::kernels {

// The sum of |v|^2 over `count` samples. Expects and sums them as phase_sum does.
double energy_of(const std::complex<float>* samples, std::int64_t count);

// The sum of v |v| over `count` pixels, whose argument is the phase of a virtual coil in the preprocessing contract.
// Expects |v| between 1e-15 and 1e15 where it matters. Summed in float32 over at most 1024 pixels, then in float64.
std::complex<double> phase_sum(const std::complex<float>* image, std::int64_t count);

// Writes the real parts of image * factor to `real` and the imaginary ones to `imaginary`, `count` pixels each.
void stack_pixels(const std::complex<float>* image, std::int64_t count, std::complex<float> factor, float* real,
                  float* imaginary);

}  // namespace mriembed::kernels
