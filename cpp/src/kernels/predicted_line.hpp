// How far a line of k-space is from what the lines beside it predict.
#pragma once

#include <complex>
#include <cstdint>

namespace mriembed::kernels {

// A line in all coils, whose samples lie `coil_stride` apart: m as measured; a from the line before and p from the line
// after, which predict m together.
struct PredictedLine {
  const std::complex<float>* measured;
  const std::complex<float>* from_before;
  const std::complex<float>* from_after;
  std::int64_t coils;
  std::int64_t coil_stride;
  std::int64_t samples;
};

// Adds to the sum of each coil its share of |m - a - p|^2 in that of all coils, sample by sample. Samples of which all
// coils have less than 1e-30 do not count.
void add_residual_shares(const PredictedLine& line, double* sums);

// Of each sample, sums over coils.
struct LineProducts {
  float* residual;                   // weight |m - a - p|^2
  std::complex<float>* with_before;  // weight conj(a) (m - p)
  std::complex<float>* with_after;   // weight conj(p) (m - a)
};

// `weights` of the coils.
void write_line_products(const PredictedLine& line, const float* weights, const LineProducts& products);

}  // namespace mriembed::kernels
