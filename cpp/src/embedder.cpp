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
#include "model_file/model_archive.hpp"
#include "network/native_network.hpp"
#include "network/network.hpp"
#include "network/torch_library.hpp"
#include "preprocessing/line_completion.hpp"
#include "preprocessing/preparation.hpp"
#include "threads/executor.hpp"
#include "translate_errors.hpp"

namespace mriembed {

namespace {

// Whether this is the CPU's name. Throws Error invalid_argument for what is no device's.
bool is_cpu(const std::string& device) {
  const bool numbered = device.size() > 5 && device.size() <= 8 && device.starts_with("cuda:") &&
                        std::all_of(device.begin() + 5, device.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (device != "cpu" && device != "cuda" && !numbered) {
    refuse_argument("device must be \"cpu\", \"cuda\" or \"cuda:N\", not \"" + device + "\"");
  }
  return device == "cpu";
}

void check_precision(Precision precision, bool on_cpu) {
  if (precision != Precision::float32 && precision != Precision::bfloat16 && precision != Precision::float16) {
    refuse_argument("precision must be float32, bfloat16 or float16");
  }
  if (precision == Precision::float16 && on_cpu) {
    throw Error(ErrorCode::device_not_available, "precision float16 needs a GPU; a CPU takes float32 or bfloat16");
  }
}

std::unique_ptr<const Network> load_network(const ModelArchive& archive, const Options& options) {
  const bool on_cpu = is_cpu(options.device);
  check_precision(options.precision, on_cpu);
  if (options.backend == Backend::torch) {
    return torch_library().load({archive, options.device, options.precision, options.threads, nullptr});
  }
  const std::optional<kernels::NetworkWeights> weights = native_weights(archive);
  if (weights && on_cpu) {
    archive.check_weights();
    return make_native_network(*weights, options.precision);
  }
  auto network = options.backend == Backend::native && !weights
                     ? nullptr
                     : torch_library().load({archive, options.device, options.precision, options.threads,
                                             weights ? &*weights : nullptr});
  if (options.backend == Backend::native && (network == nullptr || !network->native())) {
    refuse_argument(archive.path() + ": backend native has no kernels for " +
                    (weights ? "device \"" + options.device + "\" in this build" : "the layers of its network") +
                    "; backend torch runs it");
  }
  return network;
}

// Slices `first` to `first + count - 1` of a call.
template <typename T>
ArrayView<T, 4> part_of(ArrayView<T, 4> slices, std::int64_t first, std::int64_t count) {
  slices.data += first * slices.strides[0];
  slices.shape[0] = count;
  return slices;
}

void check_peaks(const std::vector<float>& peaks) {
  for (std::size_t slice = 0; slice < peaks.size(); ++slice) {
    const auto index = static_cast<std::int64_t>(slice);
    if (!std::isfinite(peaks[slice])) {
      throw Error(ErrorCode::bad_input, index, "holds NaN or infinite samples; only finite samples can be embedded");
    }
    if (peaks[slice] == 0) {
      throw Error(ErrorCode::bad_input, index, "is all zero; a slice needs signal to be embedded");
    }
  }
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
void refuse_another_model(const std::string& path, const Verification& verification) {
  if (!verification.passed) {
    throw Error(ErrorCode::bad_model_file,
                path + ": its reference embedding comes out otherwise here (cosine " +
                    std::to_string(verification.cosine) + ", largest difference " +
                    std::to_string(verification.largest_difference) +
                    "); it may hold another preprocessing or network than its description says; export it again");
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
  Implementation(const ModelArchive& archive, const Options& options)
      : metadata_(archive.metadata()),
        network_(load_network(archive, options)),
        executor_(options.threads, options.parallel_for),
        memory_mib_(options.memory_mib),
        interrupted_(options.interrupted),
        preparation_(metadata_.info) {}

  [[nodiscard]] const ModelInfo& info() const noexcept { return metadata_.info; }
  [[nodiscard]] const Reference& reference() const noexcept { return metadata_.reference; }
  [[nodiscard]] const Network& network() const noexcept { return *network_; }
  [[nodiscard]] const Preparation& preparation() const noexcept { return preparation_; }
  [[nodiscard]] const threads::Executor& executor() const noexcept { return executor_; }

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
      const threads::Executor::Presence presence(executor_);
      const std::int64_t part = slices_at_once(slice_bytes(coils, shape[2] * shape[3]));
      std::vector<float> rows(static_cast<std::size_t>(slices * info().embed_dim));
      for (std::int64_t first = 0; first < slices; first += part) {
        if (interrupted_ && interrupted_()) {
          throw Error(ErrorCode::interrupted, "interrupted");
        }
        const std::int64_t count = std::min(part, slices - first);
        Stopwatch stopwatch;
        try {
          const NetworkInput input = prepare(first, count);
          const double prepare_seconds = stopwatch.lap();
          embed_part(input, count, rows.data() + first * info().embed_dim);
          if (report != nullptr) {
            report->energy_kept.insert(report->energy_kept.end(), input.energy_kept.begin(), input.energy_kept.end());
            report->prepare_seconds += prepare_seconds;
            report->network_seconds += stopwatch.lap();
          }
        } catch (const Error& error) {
          if (first > 0 &&
              error.slice().has_value()) {  // a part counts its slices from 0, the caller those of the call
            throw Error(error.code(), first + *error.slice(), error.fault());
          }
          throw;
        }
      }
      write(rows, embeddings);
    });
  }

  // Stacked input as it is where its samples follow each other, otherwise a copy.
  [[nodiscard]] static NetworkInput prepare_stacked(const ArrayView<const float, 4>& stacked) {
    const auto [slices, channels, height, width] = stacked.shape;
    NetworkInput input;
    input.height = height;
    input.width = width;
    input.energy_kept.resize(static_cast<std::size_t>(slices), 1.0);
    if (stacked.strides == ArrayView<const float, 4>::row_major(nullptr, stacked.shape).strides) {
      input.stacked = stacked.data;
      return input;
    }
    input.memory = kernels::aligned_array<float>(static_cast<std::size_t>(slices * channels * height * width));
    input.stacked = input.memory.get();
    float* to = input.memory.get();
    for (std::int64_t plane = 0; plane < slices * channels; ++plane) {
      const float* from = stacked.data + plane / channels * stacked.strides[0] + plane % channels * stacked.strides[1];
      for (std::int64_t y = 0; y < height; ++y) {
        for (std::int64_t x = 0; x < width; ++x) {
          *to++ = from[y * stacked.strides[2] + x * stacked.strides[3]];
        }
      }
    }
    return input;
  }

  void check_coils(std::int64_t coils, const char* name) const {
    if (info().coil_compression == "none" && coils != info().num_coils) {
      refuse_argument(std::string(name) + ": this model takes exactly " + std::to_string(info().num_coils) +
                      " coils (coil compression is off), got " + std::to_string(coils));
    }
  }

  void warm_up(std::int64_t slices, std::int64_t height, std::int64_t width) const {
    translating_errors([&] {
      const threads::Executor::Presence presence(executor_);
      const std::int64_t count = std::min(slices, slices_at_once(slice_bytes(0, height * width)));
      network_->reserve(count, height, width, executor_);
      const std::vector<float> ones(static_cast<std::size_t>(count * info().in_channels * height * width), 1.0F);
      NetworkInput input;
      input.stacked = ones.data();
      input.height = height;
      input.width = width;
      std::vector<float> rows(static_cast<std::size_t>(count * info().embed_dim));
      embed_part(input, count, rows.data());
    });
  }

 private:
  void embed_part(const NetworkInput& input, std::int64_t slices, float* rows) const {
    std::vector<float> peaks(static_cast<std::size_t>(slices));
    network_->embed(input.stacked, slices, input.height, input.width, executor_, rows, peaks.data());
    check_peaks(peaks);
    check_rows(rows, slices);
  }

  // Half precisions overflow where float32 does not.
  void check_rows(const float* rows, std::int64_t slices) const {
    const std::int64_t length = info().embed_dim;
    for (std::int64_t slice = 0; slice < slices; ++slice) {
      if (!std::all_of(rows + slice * length, rows + (slice + 1) * length, [](float x) { return std::isfinite(x); })) {
        throw Error(ErrorCode::bad_input, slice,
                    "overflows the network's arithmetic; input of about unit size, or float32, is right");
      }
    }
  }

  static void write(const std::vector<float>& rows, const ArrayView<float, 2>& embeddings) {
    const float* from = rows.data();
    for (std::int64_t slice = 0; slice < embeddings.shape[0]; ++slice) {
      for (std::int64_t component = 0; component < embeddings.shape[1]; ++component) {
        embeddings.data[slice * embeddings.strides[0] + component * embeddings.strides[1]] = *from++;
      }
    }
  }

  // Memory that one slice in work takes beside the caller's samples, about; never too little by much.
  [[nodiscard]] std::int64_t slice_bytes(std::int64_t coils, std::int64_t pixels) const {
    std::int64_t sample_bytes = network_->pixel_bytes();
    std::int64_t matrix_bytes = 0;
    if (coils > 0) {
      if (const std::int64_t matrix = info().matrix; matrix > 0) {
        matrix_bytes = std::exchange(sample_bytes, 0) * matrix * matrix;  // the network reads the matrix, not the scan
      }
      constexpr std::int64_t prepared_copies = 3 * sizeof(float);  // of each real and imaginary part
      sample_bytes += info().in_channels * prepared_copies;
      sample_bytes +=
          coils * static_cast<std::int64_t>(sizeof(std::complex<float>));  // preprocessing copies k-space once
    }
    std::int64_t bytes = 0;
    const bool overflows =
        __builtin_mul_overflow(sample_bytes, pixels, &bytes) || __builtin_add_overflow(bytes, matrix_bytes, &bytes);
    return overflows ? std::numeric_limits<std::int64_t>::max() : bytes;
  }

  // Slices of one part of a call: what fits into the memory, in whole numbers of threads where that is more; few where
  // somebody wants to be asked in between.
  [[nodiscard]] std::int64_t slices_at_once(std::int64_t bytes) const {
    const std::int64_t threads = executor_.threads();
    constexpr std::int64_t slices_of_a_thread = 4;
    const std::int64_t most = interrupted_ ? slices_of_a_thread * threads : std::numeric_limits<std::int64_t>::max();
    const std::int64_t fitting = std::clamp<std::int64_t>((memory_mib_ << 20) / bytes, 1, most);
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
  std::unique_ptr<const Network> network_;
  threads::Executor executor_;
  std::int64_t memory_mib_;
  std::function<bool()> interrupted_;
  Preparation preparation_;
};

Embedder::Embedder(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}
Embedder::Embedder(Embedder&&) noexcept = default;
Embedder& Embedder::operator=(Embedder&&) noexcept = default;
Embedder::~Embedder() = default;

Embedder Embedder::load(const std::string& path, const Options& options) {
  return translating_errors([&] {
    check_options(options);
    Embedder embedder(std::make_unique<Implementation>(ModelArchive(path, options.trust), options));
    refuse_another_model(path, embedder.verify());
    return embedder;
  });
}

Embedder Embedder::from_bytes(std::string bytes, const std::string& name, const Options& options) {
  return translating_errors([&] {
    check_options(options);
    Embedder embedder(std::make_unique<Implementation>(ModelArchive(std::move(bytes), name, options.trust), options));
    refuse_another_model(name, embedder.verify());
    return embedder;
  });
}

const ModelInfo& Embedder::info() const noexcept { return implementation_->info(); }

Backend Embedder::backend() const noexcept {
  return implementation_->network().native() ? Backend::native : Backend::torch;
}

Precision Embedder::arithmetic() const noexcept { return implementation_->network().arithmetic(); }

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
  const auto prepare = [&](std::int64_t first, std::int64_t count) {
    return Implementation::prepare_stacked(part_of(stacked, first, count));
  };
  implementation_->run(stacked.shape, 0, embeddings, report, prepare);
}

void Embedder::embed_images(const ArrayView<const std::complex<float>, 4>& coil_images,
                            const ArrayView<float, 2>& embeddings, Report* report) const {
  check_view(coil_images, "coil images");
  check_batch_shape(coil_images.shape, "coil images", "(slices, coils, y, x)");
  implementation_->check_coils(coil_images.shape[1], "coil images");
  const auto prepare = [&](std::int64_t first, std::int64_t count) {
    return implementation_->preparation().prepare_images(part_of(coil_images, first, count),
                                                         implementation_->executor());
  };
  implementation_->run(coil_images.shape, coil_images.shape[1], embeddings, report, prepare);
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
  const auto prepare = [&](std::int64_t first, std::int64_t count) {
    return implementation_->preparation().prepare_kspace(part_of(kspace, first, count), options,
                                                         implementation_->executor());
  };
  implementation_->run(kspace.shape, coils, embeddings, report, prepare);
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
  verification.passed =
      arithmetic() == Precision::float32 ? verification.largest_difference <= 1e-5 : verification.cosine >= 0.999;
  return verification;
}

}  // namespace mriembed
