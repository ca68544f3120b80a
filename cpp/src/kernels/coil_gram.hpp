// The coils' Gram matrix, V V^H for V (coils, pixels), gathered block by block.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/coil_block.hpp"

namespace mriembed::kernels {

// Products are summed in float32 over the pixels of one block, each lane of a vector for itself (16 pixels where a
// vector has 16 lanes), and from there on in float64: the rounding errors of thousands of such short sums average out.
// The matrix of a slice of 65536 pixels is within 1e-8 of its trace, that of a single block within 3e-7.
class CoilGram {
 public:
  // Starts again from zero, for `coils` coils.
  void reset(std::int64_t coils);

  // Adds the pixels of a block of the same number of coils. Expects real and imaginary parts below 1e17.
  void add(const CoilBlock& block);

  // (coils, coils), row-major, Hermitian.
  void write(std::complex<double>* matrix) const;

 private:
  std::int64_t coils_ = 0;
  std::int64_t padded_ = 0;
  std::vector<double>
      sums_;  // (padded, padded, 2, 8): real and imaginary part of each pair of coils i >= j, in 8 parts
};

}  // namespace mriembed::kernels
