// Eigenvectors of small Hermitian matrices: the Gram matrices of coils, for slices and for slabs.
#pragma once

#include <Eigen/Core>

namespace mriembed::kernels {

struct HermitianEigen {
  Eigen::VectorXd values;    // ascending
  Eigen::MatrixXcd vectors;  // a column for each value
  bool converged = false;
};

// Reads the lower triangle.
HermitianEigen hermitian_eigen(const Eigen::MatrixXcd& matrix);

}  // namespace mriembed::kernels
