// The small matrices of the preprocessing, (coils, coils) and in float64: prewhitening and coil compression.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

namespace mriembed {

// L^-1 with psi = L L^H, for the noise covariance psi (coils, coils) scaled to unit mean noise power
// (Roemer et al. 1990, doi:10.1002/mrm.1910160203). Throws Error bad_input where psi is not positive definite.
at::Tensor whitening_matrix(const at::Tensor& noise_covariance);

struct CoilCompression {
  at::Tensor weights;      // (virtual coils, coils), complex128: those of largest energy, largest first
  double energy_kept = 0;  // their share of the energy of all coils
};

// Principal components of coils whose Gram matrix is `gram` (coils, coils), complex128 (Buehrer et al. 2007,
// doi:10.1002/mrm.21237). Without a `whitening` matrix as with the identity; with one, the weights include it.
CoilCompression compress_coils(const at::Tensor& gram, const std::optional<at::Tensor>& whitening,
                               std::int64_t virtual_coils);

}  // namespace mriembed
