// GELU by its definition, in float64 (Hendrycks and Gimpel 2016, arXiv:1606.08415).
#pragma once

#include <cmath>
#include <numbers>

namespace mriembed::kernels {

inline double gelu(double x) { return x * 0.5 * std::erfc(-x / std::numbers::sqrt2); }

}  // namespace mriembed::kernels
