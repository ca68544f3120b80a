// Linear equations with a Hermitian matrix, in float64.
//
// Why not by Eigen, as the smaller matrices of coils: GRAPPA solves them for every slice, and Eigen's LLT, compiled for
// every x86-64, takes 1.4 to 4.4 times as long (40 to 240 unknowns, 8 and 32 rows, with AVX-512).
#pragma once

#include <cstdint>

#include "kernels/aligned_vector.hpp"

namespace mriembed::kernels {

// Solves X A = B for a Hermitian positive definite A (size, size) and B (rows, size), by the Cholesky decomposition
// A = L L^H. Rows of B are appended to those of A: the decomposition's own recurrence then gives B L^-H, and what is
// left is a substitution from the last unknown to the first one.
class HermitianEquations {
 public:
  // Starts again, with zeros everywhere. Keeps its memory.
  void reset(std::int64_t size, std::int64_t rows);

  // Row `row` of A, of which only the columns up to the diagonal may be written; from `size` on, those of B, and once
  // solved those of X. Real and imaginary parts lie apart.
  [[nodiscard]] double* real(std::int64_t row) noexcept { return parts_.data() + 2 * row * pitch_; }
  [[nodiscard]] double* imaginary(std::int64_t row) noexcept { return real(row) + pitch_; }

  // Uses up A. False where it is not positive definite.
  bool solve();

 private:
  std::int64_t size_ = 0;
  std::int64_t rows_ = 0;
  std::int64_t pitch_ = 0;
  AlignedVector<double> parts_;
};

}  // namespace mriembed::kernels
