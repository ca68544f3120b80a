// What an Embedder holds, and the path that every kind of input takes.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "argument_checks.hpp"
#include "library_call.hpp"
#include "model_file/model_archive.hpp"
#include "mriembed/embedder.hpp"
#include "network/load_network.hpp"
#include "network/network.hpp"
#include "preprocessing/preprocessor.hpp"
#include "threads/executor.hpp"

namespace mriembed {

// Measures the parts of a call.
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

class Embedder::Implementation {
 public:
  Implementation(const ModelArchive& archive, const Options& options)
      : metadata_(archive.metadata()),
        network_(load_network(archive, options)),
        executor_(options.threads, options.parallel_for),
        memory_mib_(options.memory_mib),
        interrupted_(options.interrupted),
        preprocessor_(metadata_.info) {}

  [[nodiscard]] const ModelInfo& info() const noexcept { return metadata_.info; }
  [[nodiscard]] const Reference& reference() const noexcept { return metadata_.reference; }
  [[nodiscard]] const Network& network() const noexcept { return *network_; }
  [[nodiscard]] const Preprocessor& preprocessor() const noexcept { return preprocessor_; }
  [[nodiscard]] const threads::Executor& executor() const noexcept { return executor_; }

  // The network's answer to preprocessed slices. Throws Error bad_input for those that it cannot embed.
  void embed_part(const NetworkInput& input, std::int64_t slices, float* rows) const {
    std::vector<float> peaks(static_cast<std::size_t>(slices));
    network_->embed(input.samples, slices, input.height, input.width, executor_, rows, peaks.data());
    check_peaks(peaks);
    check_rows(rows, slices);
  }

  // The path that every kind of input takes: preprocessing, network, copy to the caller. `make_input` gets the first
  // slice and the number of slices of a part and returns what the network reads of them. `coils` are the physical coils
  // of each slice, 0 for network input.
  template <typename MakeInput>
  void run(const std::array<std::int64_t, 4>& shape, std::int64_t coils, const ArrayView<float, 2>& embeddings,
           Report* report, const MakeInput& make_input) const {
    const std::int64_t slices = shape[0];
    check_destination(slices, embeddings);
    if (report != nullptr) {
      *report = Report();
      report->sampling.resize(static_cast<std::size_t>(slices));
    }
    if (slices == 0) {
      return;
    }
    library_call([&] {
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
          const NetworkInput input = make_input(first, count);
          const double preprocessing_seconds = stopwatch.lap();
          embed_part(input, count, rows.data() + first * info().embed_dim);
          if (report != nullptr) {
            report->energy_kept.insert(report->energy_kept.end(), input.energy_kept.begin(), input.energy_kept.end());
            report->preprocessing_seconds += preprocessing_seconds;
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

  // Network input as it is where its samples follow each other, otherwise a copy.
  [[nodiscard]] static NetworkInput network_input_of(const ArrayView<const float, 4>& network_input) {
    const auto [slices, channels, height, width] = network_input.shape;
    NetworkInput input;
    input.height = height;
    input.width = width;
    input.energy_kept.resize(static_cast<std::size_t>(slices), 1.0);
    if (network_input.strides == ArrayView<const float, 4>::row_major(nullptr, network_input.shape).strides) {
      input.samples = network_input.data;
      return input;
    }
    input.memory = kernels::aligned_array<float>(static_cast<std::size_t>(slices * channels * height * width));
    input.samples = input.memory.get();
    float* to = input.memory.get();
    for (std::int64_t plane = 0; plane < slices * channels; ++plane) {
      const float* from = network_input.data + plane / channels * network_input.strides[0] +
                          plane % channels * network_input.strides[1];
      for (std::int64_t y = 0; y < height; ++y) {
        for (std::int64_t x = 0; x < width; ++x) {
          *to++ = from[y * network_input.strides[2] + x * network_input.strides[3]];
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

  // Refuses arguments that do not fit the model or each other.
  void check_kspace(const ArrayView<const std::complex<float>, 4>& kspace, const KspaceOptions& options) const {
    check_view(kspace, "k-space");
    check_batch_shape(kspace.shape, "k-space", "(slices, coils, y, x)");
    const std::int64_t coils = kspace.shape[1];
    check_coils(coils, "k-space");
    if (options.readout_width < 0 || options.readout_width > kspace.shape[3]) {
      refuse_argument("readout width must lie in 1.." + std::to_string(kspace.shape[3]) +
                      " samples (0: no crop), not " + std::to_string(options.readout_width));
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
  }

  void warm_up(std::int64_t slices, std::int64_t height, std::int64_t width) const {
    library_call([&] {
      const threads::Executor::Presence presence(executor_);
      const std::int64_t count = std::min(slices, slices_at_once(slice_bytes(0, height * width)));
      network_->reserve(count, height, width, executor_);
      const std::vector<float> ones(static_cast<std::size_t>(count * info().in_channels * height * width), 1.0F);
      NetworkInput input;
      input.samples = ones.data();
      input.height = height;
      input.width = width;
      std::vector<float> rows(static_cast<std::size_t>(count * info().embed_dim));
      embed_part(input, count, rows.data());
    });
  }

 private:
  static void check_peaks(const std::vector<float>& peaks) {
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
      constexpr std::int64_t preprocessed_copies = 3 * sizeof(float);  // of each real and imaginary part
      sample_bytes += info().in_channels * preprocessed_copies;
      sample_bytes +=
          coils * static_cast<std::int64_t>(sizeof(std::complex<float>));  // preprocessing copies k-space once
    }
    std::int64_t bytes = 0;
    const bool overflows =
        __builtin_mul_overflow(sample_bytes, pixels, &bytes) || __builtin_add_overflow(bytes, matrix_bytes, &bytes);
    return overflows ? std::numeric_limits<std::int64_t>::max() : bytes;
  }

  // Slices of one part of a call: what fits into the memory, in whole numbers of threads where that is more. Where
  // somebody wants to be asked in between, few: slices that take more memory take longer, and a part shall not take
  // more than some 50 ms.
  [[nodiscard]] std::int64_t slices_at_once(std::int64_t bytes) const {
    const std::int64_t threads = executor_.threads();
    constexpr std::int64_t bytes_of_a_thread = std::int64_t{32} << 20;
    constexpr std::int64_t slices_of_a_thread = 4;
    const std::int64_t most = interrupted_
                                  ? threads * std::clamp<std::int64_t>(bytes_of_a_thread / bytes, 1, slices_of_a_thread)
                                  : std::numeric_limits<std::int64_t>::max();
    const std::int64_t fitting = std::clamp<std::int64_t>((memory_mib_ << 20) / bytes, 1, most);
    return fitting > threads ? fitting / threads * threads : fitting;
  }

  Metadata metadata_;
  std::unique_ptr<const Network> network_;
  threads::Executor executor_;
  std::int64_t memory_mib_;
  std::function<bool()> interrupted_;
  Preprocessor preprocessor_;
};

}  // namespace mriembed
