#include "preprocessing/coil_matrices.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <complex>
#include <cstdint>
#include <limits>
#include <vector>

#include "mriembed/error.hpp"

namespace mriembed {
namespace {

using Complex = std::complex<double>;

ArrayView<const Complex, 2> view_of(const std::vector<Complex>& matrix, std::int64_t size) {
  return ArrayView<const Complex, 2>::row_major(matrix.data(), {size, size});
}

std::string refusal_of(const std::vector<Complex>& covariance, std::int64_t size) {
  try {
    whitening_matrix(view_of(covariance, size));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::bad_input);
    return error.what();
  }
  return "accepted";
}

TEST(Whitening, makes_correlated_noise_white_and_of_unit_mean_power) {
  const std::vector<Complex> covariance{{4, 0}, {1, 2}, {0, 0}, {1, -2}, {3, 0}, {0.5, 0}, {0, 0}, {0.5, 0}, {2, 0}};
  const Eigen::MatrixXcd whitening = whitening_matrix(view_of(covariance, 3));
  const Eigen::Map<const Eigen::Matrix<Complex, 3, 3, Eigen::RowMajor>> psi(covariance.data());
  const Eigen::MatrixXcd white = whitening * (psi / 3.0) * whitening.adjoint();  // mean power: (4 + 3 + 2) / 3
  EXPECT_LT((white - Eigen::MatrixXcd::Identity(3, 3)).cwiseAbs().maxCoeff(), 1e-14);
  EXPECT_EQ(whitening(0, 1), Complex(0));  // the inverse of a lower triangle
}

TEST(Whitening, reads_the_covariance_through_its_strides) {
  const std::vector<Complex> wide{{4, 0}, {9, 9}, {1, 1}, {9, 9}, {1, -1}, {9, 9}, {2, 0}, {9, 9}};
  ArrayView<const Complex, 2> view = view_of(wide, 2);
  view.strides = {4, 2};
  const std::vector<Complex> dense{{4, 0}, {1, 1}, {1, -1}, {2, 0}};
  EXPECT_EQ(whitening_matrix(view), whitening_matrix(view_of(dense, 2)));
}

TEST(Whitening, refuses_covariances_that_are_none) {
  EXPECT_EQ(refusal_of({{1, 0}, {2, 0}, {2, 0}, {1, 0}}, 2).substr(0, 48),
            "the noise covariance is not positive definite: i");
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const Complex bad : {Complex(nan, 0), Complex(0, nan), Complex(std::numeric_limits<double>::infinity(), 0)}) {
    EXPECT_EQ(refusal_of({{1, 0}, bad, {0, 0}, {1, 0}}, 2),
              "the noise covariance holds NaN or infinite values, or no noise power at all");
  }
  EXPECT_EQ(refusal_of({{0, 0}, {0, 0}, {0, 0}, {0, 0}}, 2),
            "the noise covariance holds NaN or infinite values, or no noise power at all");
}

// Two coils that see the same, one of them turned by i, and one that sees something else: u = (1, -i) / sqrt 2 holds 2
// a.
TEST(Compression, finds_the_coils_of_largest_energy_and_tells_their_share) {
  const double a = 5;
  Eigen::MatrixXcd gram(3, 3);
  gram << a, Complex(0, -a), 0, Complex(0, a), a, 0, 0, 0, 3;
  const CoilCompression compression = estimate_coil_compression(gram, std::nullopt, 2);
  ASSERT_EQ(compression.weights.rows(), 2);
  ASSERT_EQ(compression.weights.cols(), 3);
  const Eigen::MatrixXcd energies = compression.weights * gram * compression.weights.adjoint();
  EXPECT_NEAR(energies(0, 0).real(), 2 * a, 1e-13);
  EXPECT_NEAR(energies(1, 1).real(), 3, 1e-13);
  EXPECT_NEAR(std::abs(energies(0, 1)), 0, 1e-13);
  EXPECT_NEAR(estimate_coil_compression(gram, std::nullopt, 1).energy_kept, 2 * a / (2 * a + 3), 1e-14);
  EXPECT_NEAR(estimate_coil_compression(gram, std::nullopt, 8).energy_kept, 1, 1e-14);
  EXPECT_EQ(estimate_coil_compression(gram, std::nullopt, 8).weights.rows(), 3);
}

TEST(Compression, weighs_whitened_coils) {
  Eigen::MatrixXcd gram = Eigen::MatrixXcd::Zero(2, 2);
  gram(0, 0) = 9;
  gram(1, 1) = 4;
  Eigen::MatrixXcd whitening = Eigen::MatrixXcd::Zero(2, 2);
  whitening(0, 0) = 1.0 / 3;  // noise of 3 in the first coil: its signal is worth less than the other one's
  whitening(1, 1) = 1;
  const CoilCompression compression = estimate_coil_compression(gram, whitening, 1);
  EXPECT_NEAR(std::abs(compression.weights(0, 0)), 0, 1e-14);
  EXPECT_NEAR(std::abs(compression.weights(0, 1)), 1, 1e-14);
  EXPECT_NEAR(compression.energy_kept, 4.0 / 5, 1e-14);
}

}  // namespace
}  // namespace mriembed
