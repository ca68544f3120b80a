#include "preprocessing/preprocessor.hpp"

#include <optional>
#include <utility>

#include "mriembed/error.hpp"
#include "preprocessing/coil_matrices.hpp"

namespace mriembed {

namespace {

RawSlices slices_of(const ArrayView<const std::complex<float>, 4>& kspace, const KspaceOptions& options) {
  return {kspace, true, options.phase_height > 0 ? options.phase_height : kspace.shape[2],
          options.readout_width > 0 ? options.readout_width : kspace.shape[3], options.pixel_aspect};
}

}  // namespace

Preprocessor::Preprocessor(const ModelInfo& info)
    : request_{info.num_coils, info.coil_compression == "pca", info.matrix} {}

NetworkInput Preprocessor::preprocess_images(const ArrayView<const std::complex<float>, 4>& coil_images,
                                             const threads::Executor& executor) const {
  return preprocess({coil_images, false, coil_images.shape[2], coil_images.shape[3], 1}, {}, executor);
}

NetworkInput Preprocessor::preprocess_kspace(const ArrayView<const std::complex<float>, 4>& kspace,
                                             const KspaceOptions& options, const threads::Executor& executor) const {
  return preprocess(slices_of(kspace, options), options.noise_covariance, executor);
}

std::unique_ptr<ArrivingSlice> Preprocessor::arriving(const ArrayView<const std::complex<float>, 4>& kspace,
                                                      const KspaceOptions& options, bool lacks_lines,
                                                      const threads::Executor& executor) const {
  if (!request_.compress) {
    return nullptr;
  }
  std::optional<Eigen::MatrixXcd> whitening;
  if (options.noise_covariance.data != nullptr) {
    whitening = whitening_matrix(options.noise_covariance);
  }
  return std::make_unique<ArrivingSlice>(request_, slices_of(kspace, options), lacks_lines, std::move(whitening),
                                         free_workspaces_, executor);
}

NetworkInput Preprocessor::room_for(std::int64_t count, const ArrayView<const std::complex<float>, 4>& kspace,
                                    const KspaceOptions& options) const {
  return room_for(count, slices_of(kspace, options));
}

NetworkInput Preprocessor::room_for(std::int64_t count, const RawSlices& slices) const {
  NetworkInput input;
  input.height = request_.matrix > 0 ? request_.matrix : slices.height;
  input.width = request_.matrix > 0 ? request_.matrix : slices.width;
  const std::int64_t slice_floats = 2 * request_.num_coils * input.height * input.width;
  input.memory = kernels::aligned_array<float>(static_cast<std::size_t>(count * slice_floats));
  input.samples = input.memory.get();
  input.energy_kept.resize(static_cast<std::size_t>(count), 1.0);
  return input;
}

NetworkInput Preprocessor::preprocess(const RawSlices& slices,
                                      const ArrayView<const std::complex<double>, 2>& noise_covariance,
                                      const threads::Executor& executor) const {
  const std::int64_t count = slices.samples.shape[0];
  NetworkInput input = room_for(count, slices);
  const std::int64_t slice_floats = 2 * request_.num_coils * input.height * input.width;
  const auto workspace = free_workspaces_.take();
  std::optional<Eigen::MatrixXcd> whitening;
  // All samples are looked at first: their faults are reported rather than others.
  const auto check_from = [&](std::int64_t first) {
    for (std::int64_t index = first; index < count; ++index) {
      SlicePreprocessor(request_, slices, index, *workspace, executor).check();
    }
  };
  for (std::int64_t index = 0; index < count; ++index) {
    SlicePreprocessor slice(request_, slices, index, *workspace, executor);
    slice.estimate_coil_gram();
    try {
      if (noise_covariance.data != nullptr && !whitening) {
        whitening = whitening_matrix(noise_covariance);
      }
      input.energy_kept[static_cast<std::size_t>(index)] = slice.compress_coils(whitening);
      slice.write_channels(input.memory.get() + index * slice_floats);
    } catch (const Error&) {
      check_from(index);
      throw;
    }
  }
  return input;
}

}  // namespace mriembed
