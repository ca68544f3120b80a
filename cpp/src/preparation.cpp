#include "preparation.hpp"

#include <ATen/ATen.h>

#include "coil_matrices.hpp"
#include "mriembed/error.hpp"
#include "preprocessing_version.hpp"

namespace mriembed {

bool Preparation::serves(const ModelInfo& info) {
  return info.preprocessing_version == preprocessing_version &&
         (info.coil_compression == "pca" || info.coil_compression == "none");
}

Preparation::Preparation(const ModelInfo& info)
    : request_{info.num_coils, info.coil_compression == "pca", info.matrix} {}

Prepared Preparation::prepare_images(const at::Tensor& coil_images, const threads::Executor& executor) const {
  return prepare({coil_images, false, coil_images.size(2), coil_images.size(3), 1}, std::nullopt, executor);
}

Prepared Preparation::prepare_kspace(const at::Tensor& kspace, const std::optional<at::Tensor>& noise_covariance,
                                     const SliceExtent& extent, const threads::Executor& executor) const {
  const RawSlices slices{kspace, true, extent.phase_height.value_or(kspace.size(2)),
                         extent.readout_width.value_or(kspace.size(3)), extent.pixel_aspect};
  return prepare(slices, noise_covariance, executor);
}

Prepared Preparation::prepare(const RawSlices& slices, const std::optional<at::Tensor>& noise_covariance,
                              const threads::Executor& executor) const {
  const std::int64_t count = slices.samples.size(0);
  const std::int64_t height = request_.matrix > 0 ? request_.matrix : slices.height;
  const std::int64_t width = request_.matrix > 0 ? request_.matrix : slices.width;
  Prepared prepared{at::empty({count, 2 * request_.num_coils, height, width}, at::kFloat),
                    at::ones({count}, at::kDouble)};
  const std::int64_t slice_floats = prepared.stacked.stride(0);
  const auto workspace = free_workspaces_.take();
  std::optional<at::Tensor> whitening;
  // Version 4 looks at all samples first: their faults are reported rather than others.
  const auto check_from = [&](std::int64_t first) {
    for (std::int64_t index = first; index < count; ++index) {
      SlicePreparation(request_, slices, index, *workspace, executor).check();
    }
  };
  for (std::int64_t index = 0; index < count; ++index) {
    SlicePreparation slice(request_, slices, index, *workspace, executor);
    slice.gather();
    if (noise_covariance && !whitening) {
      try {
        whitening = whitening_matrix(*noise_covariance);
      } catch (const Error&) {
        check_from(index);
        throw;
      }
    }
    try {
      prepared.energy_kept.mutable_data_ptr<double>()[index] = slice.combine(whitening);
      slice.write(prepared.stacked.mutable_data_ptr<float>() + index * slice_floats);
    } catch (const Error&) {
      check_from(index);
      throw;
    }
  }
  return prepared;
}

}  // namespace mriembed
