#include "kernels/hermitian_eigen.hpp"

#include <gtest/gtest.h>

#include <complex>
#include <cstdint>
#include <limits>
#include <random>

namespace mriembed::kernels {
namespace {

Eigen::MatrixXcd random_hermitian(std::int64_t size) {
  std::mt19937 generator(3);
  std::normal_distribution<double> normal;
  const Eigen::MatrixXcd drawn = Eigen::MatrixXcd::NullaryExpr(size, size, [&] {
    const double real = normal(generator);
    return std::complex<double>(real, normal(generator));
  });
  return drawn + drawn.adjoint();
}

TEST(HermitianEigen, is_what_the_matrix_only_scales_in_ascending_order) {
  for (const std::int64_t size : {1, 2, 5, 16}) {
    const Eigen::MatrixXcd matrix = random_hermitian(size);
    const HermitianEigen found = hermitian_eigen(matrix);
    ASSERT_TRUE(found.converged);
    for (std::int64_t column = 0; column < size; ++column) {
      const Eigen::VectorXcd vector = found.vectors.col(column);
      EXPECT_LT((matrix * vector - found.values(column) * vector).norm(), 1e-13 * matrix.norm()) << size;
      EXPECT_NEAR(vector.norm(), 1, 1e-14);
      EXPECT_TRUE(column == 0 || found.values(column - 1) <= found.values(column));
      for (std::int64_t other = 0; other < column; ++other) {
        EXPECT_LT(std::abs(found.vectors.col(other).dot(vector)), 1e-13) << size;
      }
    }
  }
}

TEST(HermitianEigen, reads_the_lower_triangle) {
  Eigen::MatrixXcd matrix = random_hermitian(4);
  const HermitianEigen expected = hermitian_eigen(matrix);
  matrix.triangularView<Eigen::StrictlyUpper>().setConstant(1e6);
  const HermitianEigen found = hermitian_eigen(matrix);
  EXPECT_EQ(found.values, expected.values);
  EXPECT_EQ(found.vectors, expected.vectors);
}

TEST(HermitianEigen, says_where_there_is_none) {
  Eigen::MatrixXcd matrix = random_hermitian(4);
  matrix(2, 1) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(hermitian_eigen(matrix).converged);
}

}  // namespace
}  // namespace mriembed::kernels
