#include "mriembed/embedder.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "argument_checks.hpp"
#include "embedder_implementation.hpp"
#include "library_call.hpp"
#include "model_file/model_archive.hpp"
#include "preprocessing/line_completion.hpp"

namespace mriembed {

namespace {

// Slices `first` to `first + count - 1` of a call.
template <typename T>
ArrayView<T, 4> part_of(ArrayView<T, 4> slices, std::int64_t first, std::int64_t count) {
  slices.data += first * slices.strides[0];
  slices.shape[0] = count;
  return slices;
}

void check_options(const Options& options) {
  constexpr std::int64_t most_memory_mib = std::int64_t{1} << 30;
  if (options.threads < 0) {
    refuse_argument("threads must be 0 (as many as there are processors) or more, not " +
                    std::to_string(options.threads));
  }
  if (options.memory_mib < 1 || options.memory_mib > most_memory_mib) {
    refuse_argument("memory must lie in 1.." + std::to_string(most_memory_mib) + " MiB, not " +
                    std::to_string(options.memory_mib));
  }
}

// Description and weights stand in for the code of the file. They do so rightly where they reproduce the embedding that
// the file carries.
void refuse_another_model(const std::string& path, const Embedder& embedder) {
  const auto refuse = [&path](const std::string& reason) {
    throw Error(path, Error(ErrorCode::bad_model_file, reason));
  };
  try {
    const Verification verification = embedder.verify();
    if (!verification.passed) {
      refuse("this machine computes another reference embedding than the file states (cosine " +
             std::to_string(verification.cosine) + ", largest difference " +
             std::to_string(verification.largest_difference) +
             "): the file may contain another preprocessing or network than its description says; export it again");
    }
  } catch (const Error& error) {
    if (error.code() == ErrorCode::bad_input) {  // zero samples, weights that are not finite
      refuse(std::string("its reference slice cannot be embedded (it ") + error.fault() + "); export it again");
    }
    throw;
  }
}

}  // namespace

Embedder::Embedder(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}
Embedder::Embedder(Embedder&&) noexcept = default;
Embedder& Embedder::operator=(Embedder&&) noexcept = default;
Embedder::~Embedder() = default;

Embedder Embedder::load(const std::string& path, const Options& options) {
  return library_call([&] {
    check_options(options);
    Embedder embedder(std::make_unique<Implementation>(ModelArchive(path, options.trust), options));
    refuse_another_model(path, embedder);
    return embedder;
  });
}

Embedder Embedder::from_bytes(std::string bytes, const std::string& name, const Options& options) {
  return library_call([&] {
    check_options(options);
    Embedder embedder(std::make_unique<Implementation>(ModelArchive(std::move(bytes), name, options.trust), options));
    refuse_another_model(name, embedder);
    return embedder;
  });
}

const ModelInfo& Embedder::info() const noexcept { return implementation_->info(); }

Backend Embedder::backend() const noexcept {
  return implementation_->network().native() ? Backend::native : Backend::torch;
}

Precision Embedder::compute_dtype() const noexcept { return implementation_->network().compute_dtype(); }

void Embedder::warm_up(std::int64_t slices, std::int64_t height, std::int64_t width) const {
  if (slices < 1 || height < 1 || width < 1) {
    refuse_argument("warm_up: slices, height and width must be at least 1, got " +
                    text_of(std::array<std::int64_t, 3>{slices, height, width}));
  }
  implementation_->warm_up(slices, height, width);
}

void Embedder::warm_up_kspace(const std::array<std::int64_t, 4>& shape, std::int64_t readout_width,
                              std::int64_t phase_height) const {
  const auto [slices, coils, height, width] = shape;
  if (slices < 1 || coils < 1 || height < 1 || width < 1) {
    refuse_argument("warm_up_kspace: slices, coils, y and x must be at least 1, got " + text_of(shape));
  }
  if (const std::int64_t matrix = info().matrix; matrix > 0) {
    warm_up(slices, matrix, matrix);
  } else {
    warm_up(slices, phase_height > 0 ? phase_height : height, readout_width > 0 ? readout_width : width);
  }
  // One slice stands for all: preprocessing takes one after the other. The sample at the centre is a constant image, of
  // which something is left without the readout oversampling and in any matrix.
  KspaceOptions options;
  options.readout_width = readout_width;
  options.phase_height = phase_height;
  std::vector<std::complex<float>> kspace(static_cast<std::size_t>(coils * height * width));
  kspace[static_cast<std::size_t>((height / 2 * width) + (width / 2))] = 1;
  std::vector<float> embedding(static_cast<std::size_t>(info().embed_dim));
  embed_kspace(ArrayView<const std::complex<float>, 4>::row_major(kspace.data(), {1, coils, height, width}),
               ArrayView<float, 2>::row_major(embedding.data(), {1, info().embed_dim}), options);
}

void Embedder::embed(const ArrayView<const float, 4>& network_input, const ArrayView<float, 2>& embeddings,
                     Report* report) const {
  check_view(network_input, "network input");
  check_batch_shape(network_input.shape, "network input", "(slices, 2 x coils, y, x)");
  if (network_input.shape[1] != info().in_channels) {
    refuse_argument("network input: this model takes " + std::to_string(info().in_channels) +
                    " channels (2 x coils), got shape " + text_of(network_input.shape));
  }
  const auto make_input = [&](std::int64_t first, std::int64_t count) {
    return Implementation::network_input_of(part_of(network_input, first, count));
  };
  implementation_->run(network_input.shape, 0, embeddings, report, make_input);
}

void Embedder::embed_images(const ArrayView<const std::complex<float>, 4>& coil_images,
                            const ArrayView<float, 2>& embeddings, Report* report) const {
  check_view(coil_images, "coil images");
  check_batch_shape(coil_images.shape, "coil images", "(slices, coils, y, x)");
  implementation_->check_coils(coil_images.shape[1], "coil images");
  const auto make_input = [&](std::int64_t first, std::int64_t count) {
    return implementation_->preprocessor().preprocess_images(part_of(coil_images, first, count),
                                                             implementation_->executor());
  };
  implementation_->run(coil_images.shape, coil_images.shape[1], embeddings, report, make_input);
}

void Embedder::embed_kspace(const ArrayView<const std::complex<float>, 4>& kspace,
                            const ArrayView<float, 2>& embeddings, const KspaceOptions& options, Report* report) const {
  implementation_->check_kspace(kspace, options);
  const std::int64_t coils = kspace.shape[1];
  const auto make_input = [&](std::int64_t first, std::int64_t count) {
    return implementation_->preprocessor().preprocess_kspace(part_of(kspace, first, count), options,
                                                             implementation_->executor());
  };
  implementation_->run(kspace.shape, coils, embeddings, report, make_input);
  if (report != nullptr) {
    for (std::int64_t slice = 0; slice < kspace.shape[0]; ++slice) {
      report->sampling.at(static_cast<std::size_t>(slice)) =
          sampling_of(measured_lines(kspace.data + slice * kspace.strides[0], {coils, kspace.shape[2], kspace.shape[3]},
                                     {kspace.strides[1], kspace.strides[2], kspace.strides[3]}));
    }
  }
}

Verification Embedder::verify() const {
  const Reference& reference = implementation_->reference();
  std::vector<float> embedding(reference.embedding.size());
  const std::array<std::int64_t, 4> shape{1, reference.coils, reference.height, reference.width};
  embed_kspace(ArrayView<const std::complex<float>, 4>::row_major(reference.kspace.data(), shape),
               ArrayView<float, 2>::row_major(embedding.data(), {1, info().embed_dim}));

  Verification verification;
  verification.weights_match = true;  // load() has refused the file otherwise
  double product = 0;
  double norm_here = 0;
  double norm_there = 0;
  for (std::size_t index = 0; index < embedding.size(); ++index) {
    const double here = embedding[index];
    const double there = reference.embedding[index];
    verification.largest_difference = std::max(verification.largest_difference, std::abs(here - there));
    product += here * there;
    norm_here += here * here;
    norm_there += there * there;
  }
  verification.cosine = product / std::sqrt(norm_here * norm_there);
  verification.passed =
      compute_dtype() == Precision::float32 ? verification.largest_difference <= 1e-5 : verification.cosine >= 0.999;
  return verification;
}

}  // namespace mriembed
