#include "coil_matrices.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "mriembed/error.hpp"

namespace mriembed {

at::Tensor whitening_matrix(const at::Tensor& noise_covariance) {
  const at::Tensor covariance = noise_covariance.to(at::kComplexDouble);
  const auto power = at::real(at::diagonal(covariance)).mean().item<double>();
  if (!at::isfinite(at::view_as_real(covariance)).all().item<bool>() || !(power > 0)) {
    throw Error(ErrorCode::bad_input, "the noise covariance holds NaN or infinite values, or no noise power at all");
  }
  const at::Tensor scaled = covariance / power;
  const auto [lower, failed] = at::linalg_cholesky_ex(0.5 * (scaled + scaled.mH()));
  if (failed.item<int>() != 0) {
    throw Error(ErrorCode::bad_input,
                "the noise covariance is not positive definite: "
                "it needs more noise samples than coils, and noise in every coil");
  }
  return at::linalg_solve_triangular(lower, at::eye(covariance.size(0), covariance.options()), /*upper=*/false);
}

CoilCompression compress_coils(const at::Tensor& gram, const std::optional<at::Tensor>& whitening,
                               std::int64_t virtual_coils) {
  const at::Tensor white = whitening ? at::matmul(at::matmul(*whitening, gram), whitening->mH()) : gram;
  const auto [eigenvalues, eigenvectors] = at::linalg_eigh(white);  // ascending
  const std::int64_t kept = std::min(gram.size(0), virtual_coils);
  const at::Tensor rows = eigenvectors.mH().flip(0).narrow(0, 0, kept);
  const at::Tensor energies = eigenvalues.clamp_min(0.0).flip(0);
  return {whitening ? at::matmul(rows, *whitening) : rows,
          (energies.narrow(0, 0, kept).sum() / energies.sum()).item<double>()};
}

}  // namespace mriembed
