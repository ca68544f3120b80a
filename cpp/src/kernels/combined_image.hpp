// Steps 6 and 7 of the preprocessing (docs/preprocessing.md), pixel by pixel.
#pragma once

#include <complex>
#include <cstdint>

namespace mriembed::kernels {

// q = sum_c conj(l_c) v_c / sqrt(sum_c |l_c|^2 + darkest) for `pixels` pixels of `coils` virtual coils, whose images
// v_c and low-resolution images l_c lie `stride` samples apart. Writes q to `combined` and |q|^2, as complex numbers,
// to `power`; returns the sum of |q|^2. `darkest` is above 0.
double combine_images(const std::complex<float>* images, const std::complex<float>* low, std::int64_t coils,
                      std::int64_t stride, std::int64_t pixels, float darkest, std::complex<float>* combined,
                      std::complex<float>* power);

// q / sqrt(max(0, b) + darkest) for `pixels` pixels, b the real parts of `local`, or 0 where that is null. Writes
// magnitudes and real parts; returns the sum of the squares of both.
double even_brightness(const std::complex<float>* combined, const std::complex<float>* local, std::int64_t pixels,
                       float darkest, float* magnitude, float* real);

// Multiplies `count` numbers by `factor`.
void scale(float* numbers, std::int64_t count, float factor);

}  // namespace mriembed::kernels
