#include "completed_kspace.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <string_view>

#include "coil_matrices.hpp"
#include "complex_buffer.hpp"
#include "line_completion.hpp"
#include "preprocessing_version.hpp"

namespace mriembed {

namespace {

constexpr std::string_view orthonormal = "ortho";

at::Tensor image_along_x(const at::Tensor& samples) {
  return at::fft_fftshift(at::fft_ifft(at::fft_ifftshift(samples, {-1}), {}, -1, orthonormal), {-1});
}

at::Tensor kspace_along_x(const at::Tensor& samples) {
  return at::fft_fftshift(at::fft_fft(at::fft_ifftshift(samples, {-1}), {}, -1, orthonormal), {-1});
}

void transform_columns(std::complex<float>* plane, std::int64_t lines, std::int64_t width,
                       kernels::Direction direction) {
  const at::Tensor columns = at::from_blob(plane, {lines, width}, at::kComplexFloat);
  columns.copy_(direction == kernels::Direction::inverse ? at::fft_ifft(columns, {}, 0, orthonormal)
                                                         : at::fft_fft(columns, {}, 0, orthonormal));
}

// Virtual coils by the calibration lines of `hybrid`, (coils, y, x): k-space along y and images along x.
at::Tensor coil_weights(const at::Tensor& hybrid, std::int64_t lines, const std::optional<at::Tensor>& whitening,
                        std::int64_t num_coils, bool compress) {
  const std::int64_t coils = hybrid.size(0);
  if (!compress) {
    return whitening ? *whitening : at::eye(coils, at::kComplexDouble);
  }
  const auto gram_of = [coils](const at::Tensor& samples) {
    const at::Tensor rows = samples.reshape({coils, -1}).to(at::kComplexDouble);
    return at::matmul(rows, rows.mH());
  };
  at::Tensor gram = gram_of(hybrid.narrow(1, hybrid.size(1) / 2 - lines / 2, lines));
  if (gram.abs().sum().item<double>() == 0) {
    gram = gram_of(hybrid);
  }
  return compress_coils(gram.contiguous(), whitening, num_coils).weights.resolve_conj();
}

}  // namespace

at::Tensor completed_kspace(const at::Tensor& kspace, const std::optional<at::Tensor>& noise_covariance,
                            const SliceExtent& extent, std::int64_t num_coils, bool compress,
                            const threads::Executor& executor) {
  at::Tensor completed;
  LineCompletion completion;
  const std::int64_t height = kspace.size(2);
  const std::int64_t width = extent.readout_width.value_or(kspace.size(3));
  const std::int64_t of_image = extent.phase_height.value_or(height);
  const std::int64_t lines = std::min(height, (calibration_lines * height + of_image - 1) / of_image);
  for (std::int64_t index = 0; index < kspace.size(0); ++index) {
    const at::Tensor slice = kspace[index];
    const MeasuredLines measured = measured_lines(const_samples_of(slice), {slice.size(0), height, slice.size(2)},
                                                  {slice.stride(0), slice.stride(1), slice.stride(2)});
    if (!fills_lines(measured)) {
      continue;
    }
    const auto peak = at::view_as_real(slice).abs().max().item<double>();
    if (!std::isfinite(peak)) {
      continue;  // preprocessing refuses it
    }
    const at::Tensor scaled = (slice.to(at::kComplexDouble) / peak).to(at::kComplexFloat);
    const std::int64_t left = slice.size(2) / 2 - width / 2;
    const at::Tensor hybrid = image_along_x(scaled).narrow(2, left, width);
    std::optional<at::Tensor> whitening;
    if (noise_covariance) {
      whitening = whitening_matrix(*noise_covariance);
    }
    const at::Tensor weights = coil_weights(hybrid, lines, whitening, num_coils, compress);
    const std::int64_t virtual_coils = weights.size(0);
    const at::Tensor filled = at::matmul(weights.to(at::kComplexFloat), hybrid.reshape({slice.size(0), -1}))
                                  .reshape({virtual_coils, height, width})
                                  .contiguous();
    completion.fill(
        {samples_of(filled), virtual_coils, height, width, height * width, 0}, measured,
        [&](std::complex<float>* plane, kernels::Direction direction, int /*participant*/) {
          transform_columns(plane, height, width, direction);
        },
        executor);
    // What the coils would have to hold: virtual coils of it are those that were filled.
    const at::Tensor coils = at::matmul(at::linalg_pinv(weights).to(at::kComplexFloat), filled.flatten(1))
                                 .reshape({slice.size(0), height, width});
    const at::Tensor padded = at::zeros_like(scaled);
    padded.narrow(2, left, width).copy_(coils);
    const at::Tensor lines_of_coils = kspace_along_x(padded) * peak;
    if (!completed.defined()) {
      completed = kspace.clone(at::MemoryFormat::Contiguous);
    }
    for (std::int64_t line = 0; line < height; ++line) {
      if (measured[static_cast<std::size_t>(line)] == 0) {
        completed[index].select(1, line).copy_(lines_of_coils.select(1, line));
      }
    }
  }
  return completed.defined() ? completed : kspace;
}

}  // namespace mriembed
