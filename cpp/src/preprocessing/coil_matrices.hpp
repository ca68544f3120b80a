// The small matrices of the preprocessing, (coils, coils) and in float64: prewhitening and coil compression.
#pragma once

#include <Eigen/Core>
#include <complex>
#include <cstdint>
#include <optional>

#include "mriembed/array_view.hpp"

namespace mriembed {

// L^-1 with psi = L L^H, for the noise covariance psi (coils, coils) scaled to unit mean noise power
// (Roemer et al. 1990, doi:10.1002/mrm.1910160203). Throws Error bad_input where psi is not positive definite.
Eigen::MatrixXcd whitening_matrix(const ArrayView<const std::complex<double>, 2>& noise_covariance);

struct CoilCompression {
  Eigen::MatrixXcd weights;  // (virtual coils, coils): those of largest energy, largest first
  double energy_kept = 0;    // their share of the energy of all coils
};

// Principal components of coils whose Gram matrix is `gram` (coils, coils), of which the lower triangle is read
// (Buehrer et al. 2007, doi:10.1002/mrm.21237). Without a `whitening` matrix as with the identity; with one, the
// weights include it. Throws Error internal where the eigenvalues do not converge.
CoilCompression estimate_coil_compression(const Eigen::MatrixXcd& gram,
                                          const std::optional<Eigen::MatrixXcd>& whitening, std::int64_t virtual_coils);

}  // namespace mriembed
