#include "kernels/cholesky.hpp"

#include <gtest/gtest.h>

#include <complex>
#include <cstddef>
#include <random>
#include <vector>

#include "every_target.hpp"

namespace mriembed::kernels {
namespace {

using Matrix = std::vector<std::vector<std::complex<double>>>;

class SolveHermitianEquations : public EveryTarget {};

Matrix random_matrix(std::int64_t rows, std::int64_t columns, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal;
  Matrix matrix(static_cast<std::size_t>(rows), std::vector<std::complex<double>>(static_cast<std::size_t>(columns)));
  for (auto& row : matrix) {
    for (auto& value : row) {
      const double real = normal(generator);
      value = {real, normal(generator)};
    }
  }
  return matrix;
}

// Half its rows' products, and a diagonal that keeps the condition number below about 100.
Matrix positive_definite(std::int64_t size) {
  const Matrix factor = random_matrix(size, size, 1);
  Matrix matrix = random_matrix(size, size, 1);
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    for (std::size_t j = 0; j < matrix.size(); ++j) {
      matrix[i][j] = i == j ? 0.1 * static_cast<double>(size) : 0;
      for (std::size_t k = 0; k < matrix.size(); ++k) {
        matrix[i][j] += factor[i][k] * std::conj(factor[j][k]);
      }
    }
  }
  return matrix;
}

TEST_P(SolveHermitianEquations, finds_the_unknowns_for_every_size) {
  HermitianEquations equations;
  for (const std::int64_t size : {1, 2, 3, 7, 8, 9, 16, 17, 40, 81}) {
    for (const std::int64_t rows : {0, 1, 3, 8}) {
      const Matrix matrix = positive_definite(size);
      const Matrix unknowns = random_matrix(rows, size, 2);
      equations.reset(size, rows);
      for (std::int64_t i = 0; i < size; ++i) {
        for (std::int64_t j = 0; j <= i; ++j) {
          const std::complex<double> value = matrix[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)];
          equations.real(i)[j] = value.real();
          equations.imaginary(i)[j] = value.imag();
        }
      }
      for (std::int64_t row = 0; row < rows; ++row) {
        for (std::int64_t j = 0; j < size; ++j) {
          std::complex<double> value = 0;
          for (std::int64_t k = 0; k < size; ++k) {
            value += unknowns[static_cast<std::size_t>(row)][static_cast<std::size_t>(k)] *
                     matrix[static_cast<std::size_t>(k)][static_cast<std::size_t>(j)];
          }
          equations.real(size + row)[j] = value.real();
          equations.imaginary(size + row)[j] = value.imag();
        }
      }
      ASSERT_TRUE(equations.solve()) << size;
      for (std::int64_t row = 0; row < rows; ++row) {
        for (std::int64_t j = 0; j < size; ++j) {
          const std::complex<double> found(equations.real(size + row)[j], equations.imaginary(size + row)[j]);
          ASSERT_LT(std::abs(found - unknowns[static_cast<std::size_t>(row)][static_cast<std::size_t>(j)]), 1e-11)
              << size << " unknowns, row " << row;
        }
      }
    }
  }
}

TEST_P(SolveHermitianEquations, refuses_a_matrix_that_is_not_positive_definite) {
  HermitianEquations equations;
  equations.reset(2, 1);
  equations.real(0)[0] = 1;
  equations.real(1)[0] = 2;
  equations.real(1)[1] = 1;
  EXPECT_FALSE(equations.solve());
  equations.reset(3, 1);
  EXPECT_FALSE(equations.solve()) << "all zero";
}

INSTANTIATE_TEST_SUITE_P(Kernels, SolveHermitianEquations, testing::ValuesIn(targets_here()), name_of_target);

}  // namespace
}  // namespace mriembed::kernels
