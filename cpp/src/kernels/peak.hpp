// The largest part of samples, by which faults are found as well.
#pragma once

#include <complex>
#include <cstdint>

namespace mriembed::kernels {

// The bits of the largest real or imaginary part of `count` samples, without its sign: as integers they are ordered
// like the numbers, zero is 0, and infinity and NaN are larger than every number.
std::int32_t peak_bits(const std::complex<float>* samples, std::int64_t count);

// The bits of infinity: a peak is at least this if a sample is infinite or NaN.
constexpr std::int32_t infinity_bits = 0x7F800000;

// The largest magnitude of `count` values; 0 of none.
float largest_magnitude(const float* values, std::int64_t count);

}  // namespace mriembed::kernels
