#include "preprocessing/coil_matrices.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <utility>

#include "kernels/hermitian_eigen.hpp"
#include "mriembed/error.hpp"

namespace mriembed {

Eigen::MatrixXcd whitening_matrix(const ArrayView<const std::complex<double>, 2>& noise_covariance) {
  const auto [rows, columns] = noise_covariance.shape;
  Eigen::MatrixXcd covariance(rows, columns);
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t column = 0; column < columns; ++column) {
      covariance(row, column) =
          noise_covariance.data[row * noise_covariance.strides[0] + column * noise_covariance.strides[1]];
    }
  }
  const double power = covariance.diagonal().real().mean();
  if (!covariance.allFinite() || !(power > 0)) {
    throw Error(ErrorCode::bad_input, "the noise covariance holds NaN or infinite values, or no noise power at all");
  }
  covariance /= power;
  const Eigen::LLT<Eigen::MatrixXcd> cholesky(0.5 * (covariance + covariance.adjoint()));
  if (cholesky.info() != Eigen::Success) {
    throw Error(ErrorCode::bad_input,
                "the noise covariance is not positive definite: "
                "it needs more noise samples than coils, and noise in every coil");
  }
  return cholesky.matrixL().solve(Eigen::MatrixXcd::Identity(rows, rows));
}

CoilCompression estimate_coil_compression(const Eigen::MatrixXcd& gram,
                                          const std::optional<Eigen::MatrixXcd>& whitening,
                                          std::int64_t virtual_coils) {
  Eigen::MatrixXcd white = gram;
  if (whitening) {
    white = *whitening * gram * whitening->adjoint();
  }
  const kernels::HermitianEigen components = kernels::hermitian_eigen(white);
  if (!components.converged) {
    throw Error(ErrorCode::internal, "the eigenvalues of the coils' Gram matrix do not converge");
  }
  const std::int64_t kept = std::min<std::int64_t>(gram.rows(), virtual_coils);
  const Eigen::VectorXd energies = components.values.cwiseMax(0.0);
  Eigen::MatrixXcd weights = components.vectors.rightCols(kept).rowwise().reverse().adjoint();
  if (whitening) {
    weights *= *whitening;
  }
  return {std::move(weights), energies.tail(kept).sum() / energies.sum()};
}

}  // namespace mriembed
