#include "mriembed/embedder.hpp"

#include <ATen/ATen.h>
#include <torch/cuda.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "completed_kspace.hpp"
#include "line_completion.hpp"
#include "preparation.hpp"
#include "threads/executor.hpp"
#include "torchscript/archive.hpp"
#include "torchscript/call_scope.hpp"
#include "torchscript/network.hpp"
#include "torchscript/translate_errors.hpp"

namespace mriembed {

namespace {

using torchscript::CallScope;
using torchscript::translating_errors;

[[noreturn]] void refuse_argument(const std::string& reason) { throw Error(ErrorCode::invalid_argument, reason); }

at::Device parse_device(const std::string& name) {
  if (name == "cpu") {
    return {at::kCPU};
  }
  const bool numbered = name.size() > 5 && name.size() <= 8 && name.starts_with("cuda:") &&
                        std::all_of(name.begin() + 5, name.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (name != "cuda" && !numbered) {
    refuse_argument("device must be \"cpu\", \"cuda\" or \"cuda:N\", not \"" + name + "\"");
  }
  const int index = numbered ? std::stoi(name.substr(5)) : 0;
  const auto available = torch::cuda::device_count();
  if (available == 0) {
    throw Error(ErrorCode::device_not_available,
                "device \"" + name + "\" is not available: torch finds no usable GPU on this machine; use \"cpu\"");
  }
  if (std::cmp_greater_equal(index, available)) {
    throw Error(
        ErrorCode::device_not_available,
        "device \"" + name + "\" is not available: this machine has cuda:0 to cuda:" + std::to_string(available - 1));
  }
  return {at::kCUDA, static_cast<c10::DeviceIndex>(index)};
}

at::ScalarType network_dtype(Precision precision, at::Device device) {
  switch (precision) {
    case Precision::float32:
      return at::kFloat;
    case Precision::bfloat16:
      return at::kBFloat16;
    case Precision::float16:
      if (device.is_cpu()) {
        throw Error(ErrorCode::device_not_available, "precision float16 needs a GPU; a CPU takes float32 or bfloat16");
      }
      return at::kHalf;
  }
  refuse_argument("precision must be float32, bfloat16 or float16");
}

template <std::size_t Rank>
std::string text_of(const std::array<std::int64_t, Rank>& lengths) {
  std::string text = "(";
  for (std::size_t axis = 0; axis < Rank; ++axis) {
    text += (axis > 0 ? ", " : "") + std::to_string(lengths[axis]);
  }
  return text + ")";
}

// Refuses views that cannot be right before torch looks at them: no data, negative lengths or strides, or an extent
// beyond the address space.
template <typename T, std::size_t Rank>
void check_view(const ArrayView<T, Rank>& view, const char* name) {
  std::int64_t last = 0;
  for (std::size_t axis = 0; axis < Rank; ++axis) {
    if (view.shape[axis] < 0 || view.strides[axis] < 0) {
      refuse_argument(std::string(name) + ": shape " + text_of(view.shape) + " with strides " + text_of(view.strides) +
                      " holds a negative number");
    }
    std::int64_t extent = 0;
    if (__builtin_mul_overflow(std::max<std::int64_t>(view.shape[axis] - 1, 0), view.strides[axis], &extent) ||
        __builtin_add_overflow(last, extent, &last)) {
      refuse_argument(std::string(name) + ": shape " + text_of(view.shape) + " is larger than any memory");
    }
  }
  if (last > std::numeric_limits<std::int64_t>::max() / static_cast<std::int64_t>(sizeof(T)) - 1) {
    refuse_argument(std::string(name) + ": shape " + text_of(view.shape) + " is larger than any memory");
  }
  const bool empty = std::find(view.shape.begin(), view.shape.end(), 0) != view.shape.end();
  if (view.data == nullptr && !empty) {
    refuse_argument(std::string(name) + ": no data (null pointer)");
  }
}

void check_batch_shape(const std::array<std::int64_t, 4>& shape, const char* name, const char* axes) {
  if (shape[1] < 1 || shape[2] < 1 || shape[3] < 1) {
    refuse_argument(std::string(name) + ": expected " + axes + " without empty axes, got " + text_of(shape));
  }
}

// A tensor over the caller's memory. torch only reads through it; its interface has no const.
template <std::size_t Rank>
at::Tensor tensor_over(const ArrayView<const float, Rank>& view) {
  return at::from_blob(const_cast<float*>(view.data), view.shape, view.strides, at::kFloat);
}

template <typename Real, std::size_t Rank>
at::Tensor tensor_over(const ArrayView<const std::complex<Real>, Rank>& view) {
  return at::from_blob(const_cast<std::complex<Real>*>(view.data), view.shape, view.strides,
                       c10::CppTypeToScalarType<c10::complex<Real>>::value);
}

constexpr std::int64_t most_memory_mib = std::int64_t{1} << 30;

// Rethrows what is being handled. A part of a call counts its slices from 0; the caller counts those of the call.
[[noreturn]] void rethrow_counting_from(std::int64_t first) {
  try {
    torchscript::rethrow_as_error();
  } catch (const Error& error) {
    if (first > 0 && error.slice().has_value()) {
      throw Error(error.code(), first + *error.slice(), error.fault());
    }
    throw;
  }
  throw;
}

// The library's own preprocessing and kernels stand in for the code of the file. They do so rightly where they
// reproduce the embedding that the file carries.
void refuse_another_model(const std::string& path, const Verification& verification, bool fused_kernels) {
  if (!verification.passed) {
    throw Error(ErrorCode::bad_model_file,
                path + ": its reference embedding comes out otherwise here (cosine " +
                    std::to_string(verification.cosine) + ", largest difference " +
                    std::to_string(verification.largest_difference) +
                    (fused_kernels ? "); it may hold another preprocessing or network than its description says: "
                                     "without fused kernels its own code runs"
                                   : "); export it again, or use the torch that it was made with"));
  }
}

class Stopwatch {
 public:
  // Seconds since the start or the last call.
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    return std::chrono::duration<double>(now - std::exchange(last_, now)).count();
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace

class Embedder::Implementation {
 public:
  Implementation(const torchscript::Archive& archive, const Options& options)
      : metadata_(archive.metadata()),
        executor_(options.threads, options.parallel_for),
        memory_mib_(options.memory_mib),
        device_(parse_device(options.device)),
        network_(archive, device_, network_dtype(options.precision, device_), options.fused_kernels) {
    if (options.fused_kernels && device_.is_cpu() && Preparation::serves(metadata_.info)) {
      preparation_ = std::make_unique<const Preparation>(metadata_.info);
    }
    torch_threads_ = preparation_ != nullptr && network_.fused_on_cpu() ? 1 : options.threads;
  }

  [[nodiscard]] const ModelInfo& info() const noexcept { return metadata_.info; }
  [[nodiscard]] const Reference& reference() const noexcept { return metadata_.reference; }
  [[nodiscard]] Precision arithmetic() const noexcept {
    const at::ScalarType dtype = network_.dtype();
    return dtype == at::kFloat ? Precision::float32 : dtype == at::kHalf ? Precision::float16 : Precision::bfloat16;
  }
  [[nodiscard]] bool fused() const noexcept { return network_.fused(); }

  // The path that every kind of input takes: prepare, network, copy to the caller. `prepare` gets the first slice and
  // the number of slices of a part and returns what the network reads of them. `coils` are the physical coils of each
  // slice, 0 for stacked input.
  template <typename Prepare>
  void run(const std::array<std::int64_t, 4>& shape, std::int64_t coils, const ArrayView<float, 2>& embeddings,
           Report* report, const Prepare& prepare) const {
    const std::int64_t slices = shape[0];
    check_destination(slices, embeddings);
    if (report != nullptr) {
      *report = Report();
      report->sampling.resize(static_cast<std::size_t>(slices));
    }
    if (slices == 0) {
      return;
    }
    translating_errors([&] {
      const CallScope scope(device_, torch_threads_);
      const threads::Executor::Presence presence(executor_);
      const std::int64_t part = slices_at_once(slice_bytes(coils, shape[2] * shape[3]));
      at::Tensor result;
      for (std::int64_t first = 0; first < slices; first += part) {
        const std::int64_t count = std::min(part, slices - first);
        Stopwatch stopwatch;
        at::Tensor rows;
        try {
          const Prepared prepared = prepare(first, count);
          const double prepare_seconds = stopwatch.lap();
          rows = network_.embed(prepared.stacked, executor_);
          if (report != nullptr) {
            const at::Tensor energy = prepared.energy_kept.cpu();
            const auto* kept = energy.const_data_ptr<double>();
            report->energy_kept.insert(report->energy_kept.end(), kept, kept + energy.numel());
            report->prepare_seconds += prepare_seconds;
            report->network_seconds += stopwatch.lap();
          }
        } catch (...) {
          rethrow_counting_from(first);
        }
        if (count == slices) {
          result = rows;
        } else {
          if (!result.defined()) {
            result = at::empty({slices, info().embed_dim}, at::kFloat);
          }
          result.narrow(0, first, count).copy_(rows);
        }
      }
      at::from_blob(embeddings.data, embeddings.shape, embeddings.strides, at::kFloat).copy_(result);
    });
  }

  [[nodiscard]] static Prepared prepare_stacked(const at::Tensor& stacked) {
    return {stacked, at::ones({stacked.size(0)}, at::kDouble)};
  }

  [[nodiscard]] Prepared prepare_images(const at::Tensor& coil_images) const {
    const at::Tensor samples = coil_images.to(device_);
    return preparation_ ? preparation_->prepare_images(samples, executor_) : network_.prepare_images(samples);
  }

  [[nodiscard]] Prepared prepare_kspace(const at::Tensor& kspace, const KspaceOptions& options) const {
    std::optional<at::Tensor> covariance;
    if (options.noise_covariance.data != nullptr) {
      covariance = tensor_over(options.noise_covariance);
    }
    SliceExtent extent;
    if (options.readout_width > 0) {
      extent.readout_width = options.readout_width;
    }
    if (options.phase_height > 0) {
      extent.phase_height = options.phase_height;
    }
    extent.pixel_aspect = options.pixel_aspect;
    if (preparation_) {
      return preparation_->prepare_kspace(kspace, covariance, extent, executor_);
    }
    const at::Tensor completed =
        completed_kspace(kspace, covariance, extent, info().num_coils, info().coil_compression == "pca", executor_);
    return network_.prepare_kspace(completed.to(device_), covariance ? covariance->to(device_) : covariance, extent);
  }

  void check_coils(std::int64_t coils, const char* name) const {
    if (info().coil_compression == "none" && coils != info().num_coils) {
      refuse_argument(std::string(name) + ": this model takes exactly " + std::to_string(info().num_coils) +
                      " coils (coil compression is off), got " + std::to_string(coils));
    }
  }

  void warm_up(std::int64_t slices, std::int64_t height, std::int64_t width) const {
    translating_errors([&] {
      const CallScope scope(device_, torch_threads_);
      const threads::Executor::Presence presence(executor_);
      const std::int64_t count = std::min(slices, slices_at_once(slice_bytes(0, height * width)));
      network_.reserve(count, height, width, executor_);
      static_cast<void>(network_.embed(at::ones({count, info().in_channels, height, width}, at::kFloat), executor_));
    });
  }

 private:
  // Memory that one slice in work takes beside the caller's samples, about; never too little by much.
  [[nodiscard]] std::int64_t slice_bytes(std::int64_t coils, std::int64_t pixels) const {
    std::int64_t sample_bytes = network_.pixel_bytes();
    std::int64_t matrix_bytes = 0;
    if (coils > 0) {
      if (const std::int64_t matrix = info().matrix; matrix > 0) {
        matrix_bytes = std::exchange(sample_bytes, 0) * matrix * matrix;  // the network reads the matrix, not the scan
      }
      constexpr std::int64_t prepared_copies = 3 * sizeof(float);  // of each real and imaginary part
      sample_bytes += info().in_channels * prepared_copies;
      // The library's own preprocessing copies k-space at most once; the scripted one scales, transforms, and gathers
      // the coils' matrix in double precision.
      const std::int64_t copies = preparation_ ? 1 : 7;
      sample_bytes += coils * copies * static_cast<std::int64_t>(sizeof(std::complex<float>));
    }
    std::int64_t bytes = 0;
    const bool overflows =
        __builtin_mul_overflow(sample_bytes, pixels, &bytes) || __builtin_add_overflow(bytes, matrix_bytes, &bytes);
    return overflows ? std::numeric_limits<std::int64_t>::max() : bytes;
  }

  // Slices of one part of a call: what fits into the memory, in whole numbers of threads where that is more.
  [[nodiscard]] std::int64_t slices_at_once(std::int64_t bytes) const {
    const std::int64_t threads = executor_.threads();
    const std::int64_t fitting = std::max<std::int64_t>(1, (memory_mib_ << 20) / bytes);
    return fitting > threads ? fitting / threads * threads : fitting;
  }

  void check_destination(std::int64_t slices, const ArrayView<float, 2>& embeddings) const {
    check_view(embeddings, "embeddings");
    const std::array<std::int64_t, 2> expected{slices, info().embed_dim};
    if (embeddings.shape != expected) {
      refuse_argument("embeddings: expected room for (slices, embed_dim) = " + text_of(expected) + ", got " +
                      text_of(embeddings.shape));
    }
    const std::int64_t row = embeddings.strides[0];
    const std::int64_t column = embeddings.strides[1];
    const bool apart = (slices <= 1 && column > 0) || (column > 0 && row >= expected[1] * column) ||
                       (row > 0 && column >= slices * row) || (expected[1] == 1 && row > 0);
    if (!apart) {
      refuse_argument("embeddings: strides " + text_of(embeddings.strides) + " make rows overlap");
    }
  }

  Metadata metadata_;
  threads::Executor executor_;  // for all that the library computes itself
  int torch_threads_ = 0;       // for what torch computes, see CallScope
  std::int64_t memory_mib_;
  at::Device device_;
  torchscript::Network network_;
  std::unique_ptr<const Preparation> preparation_;  // nothing where the scripted preprocessing runs
};

Embedder::Embedder(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}
Embedder::Embedder(Embedder&&) noexcept = default;
Embedder& Embedder::operator=(Embedder&&) noexcept = default;
Embedder::~Embedder() = default;

Embedder Embedder::load(const std::string& path, const Options& options) {
  return translating_errors([&] {
    if (options.threads < 0) {
      refuse_argument("threads must be 0 (as many as there are processors) or more, not " +
                      std::to_string(options.threads));
    }
    if (options.memory_mib < 1 || options.memory_mib > most_memory_mib) {
      refuse_argument("memory must lie in 1.." + std::to_string(most_memory_mib) + " MiB, not " +
                      std::to_string(options.memory_mib));
    }
    Embedder embedder(std::make_unique<Implementation>(torchscript::Archive(path, options.trust), options));
    refuse_another_model(path, embedder.verify(), options.fused_kernels);
    return embedder;
  });
}

const ModelInfo& Embedder::info() const noexcept { return implementation_->info(); }

bool Embedder::uses_fused_kernels() const noexcept { return implementation_->fused(); }

Precision Embedder::arithmetic() const noexcept { return implementation_->arithmetic(); }

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

void Embedder::embed(const ArrayView<const float, 4>& stacked, const ArrayView<float, 2>& embeddings,
                     Report* report) const {
  check_view(stacked, "stacked");
  check_batch_shape(stacked.shape, "stacked", "(slices, 2 x coils, H, W)");
  if (stacked.shape[1] != info().in_channels) {
    refuse_argument("stacked: this model takes " + std::to_string(info().in_channels) +
                    " channels (2 x coils), got shape " + text_of(stacked.shape));
  }
  const auto part_of = [&](std::int64_t first, std::int64_t count) {
    return Implementation::prepare_stacked(tensor_over(stacked).narrow(0, first, count));
  };
  implementation_->run(stacked.shape, 0, embeddings, report, part_of);
}

void Embedder::embed_images(const ArrayView<const std::complex<float>, 4>& coil_images,
                            const ArrayView<float, 2>& embeddings, Report* report) const {
  check_view(coil_images, "coil images");
  check_batch_shape(coil_images.shape, "coil images", "(slices, coils, y, x)");
  implementation_->check_coils(coil_images.shape[1], "coil images");
  const auto part_of = [&](std::int64_t first, std::int64_t count) {
    return implementation_->prepare_images(tensor_over(coil_images).narrow(0, first, count));
  };
  implementation_->run(coil_images.shape, coil_images.shape[1], embeddings, report, part_of);
}

void Embedder::embed_kspace(const ArrayView<const std::complex<float>, 4>& kspace,
                            const ArrayView<float, 2>& embeddings, const KspaceOptions& options, Report* report) const {
  check_view(kspace, "k-space");
  check_batch_shape(kspace.shape, "k-space", "(slices, coils, y, x)");
  const std::int64_t coils = kspace.shape[1];
  implementation_->check_coils(coils, "k-space");
  if (options.readout_width < 0 || options.readout_width > kspace.shape[3]) {
    refuse_argument("readout width must lie in 1.." + std::to_string(kspace.shape[3]) + " samples (0: no crop), not " +
                    std::to_string(options.readout_width));
  }
  if (options.phase_height < 0 || options.phase_height > kspace.shape[2]) {
    refuse_argument("phase height must lie in 1.." + std::to_string(kspace.shape[2]) + " lines (0: no crop), not " +
                    std::to_string(options.phase_height));
  }
  constexpr double most_aspect = 64;
  const bool sensible = options.pixel_aspect >= 1 / most_aspect && options.pixel_aspect <= most_aspect;
  if (!sensible) {
    refuse_argument("pixel aspect must lie in 1/64..64, not " + std::to_string(options.pixel_aspect));
  }
  if (options.noise_covariance.data != nullptr) {
    check_view(options.noise_covariance, "noise covariance");
    if (options.noise_covariance.shape != std::array<std::int64_t, 2>{coils, coils}) {
      refuse_argument(
          "noise covariance: expected (coils, coils) = " + text_of(std::array<std::int64_t, 2>{coils, coils}) +
          ", got " + text_of(options.noise_covariance.shape));
    }
  }
  const auto part_of = [&](std::int64_t first, std::int64_t count) {
    return implementation_->prepare_kspace(tensor_over(kspace).narrow(0, first, count), options);
  };
  implementation_->run(kspace.shape, coils, embeddings, report, part_of);
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
    if (const double difference = std::abs(here - there); !(difference <= verification.largest_difference)) {
      verification.largest_difference = difference;  // NaN, too
    }
    product += here * there;
    norm_here += here * here;
    norm_there += there * there;
  }
  verification.cosine = product / std::sqrt(norm_here * norm_there);
  verification.passed = implementation_->arithmetic() == Precision::float32 ? verification.largest_difference <= 1e-5
                                                                            : verification.cosine >= 0.999;
  return verification;
}

}  // namespace mriembed
