#include "kernels/hermitian_eigen.hpp"

#include <Eigen/Eigenvalues>

namespace mriembed::kernels {

HermitianEigen hermitian_eigen(const Eigen::MatrixXcd& matrix) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXcd> solver(matrix);
  return {solver.eigenvalues(), solver.eigenvectors(), solver.info() == Eigen::Success};
}

}  // namespace mriembed::kernels
