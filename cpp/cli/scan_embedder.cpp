#include "cli/scan_embedder.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <complex>
#include <cstddef>
#include <string_view>
#include <utility>

namespace mriembed::cli {

namespace {

using Complex = std::complex<float>;

// Without --batch: as many slices as a small network still gains from, and few enough that the copies which
// preprocessing makes of them (in double precision, too) stay around a gigabyte.
constexpr std::int64_t usual_batch = 8;
constexpr std::size_t usual_batch_bytes = std::size_t{256} << 20U;

// Slices of one geometry, one behind the other in memory.
struct Batch {
  std::int64_t channels = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::vector<io::SliceLabel> labels;
  std::vector<double> read_seconds;
  std::vector<Complex> samples;
  std::vector<float> stacked;

  [[nodiscard]] std::size_t count() const { return labels.size(); }

  [[nodiscard]] bool same_geometry(const io::Slice& slice) const {
    return slice.channels == channels && slice.height == height && slice.width == width;
  }

  void clear() {
    labels.clear();
    read_seconds.clear();
    samples.clear();
    stacked.clear();
  }

  void add(const io::Slice& slice, double seconds) {
    channels = slice.channels;
    height = slice.height;
    width = slice.width;
    labels.push_back(slice.label);
    read_seconds.push_back(seconds);
    samples.insert(samples.end(), slice.samples.begin(), slice.samples.end());
    stacked.insert(stacked.end(), slice.stacked.begin(), slice.stacked.end());
  }
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The library counts slices inside one call ("slice 0 is all zero"); the user knows them by their labels.
Error naming_slice(const Error& error, const io::SliceLabel& label) {
  constexpr std::string_view first = "slice 0 ";
  const std::string message = error.what();
  if (message.starts_with(first)) {
    return {error.code(), name_of(label) + " " + message.substr(first.size())};
  }
  return {error.code(), name_of(label) + ": " + message};
}

class Session {
 public:
  Session(const Embedder& embedder, io::ScanReader& reader, const ScanSettings& settings)
      : embedder_(embedder), reader_(reader), settings_(settings), domain_(reader.summary().domain) {
    if (settings.readout_width > 0 && domain_ != io::Domain::kspace) {
      throw Error(ErrorCode::bad_input, "--readout-width crops k-space, and this file holds images; leave it out");
    }
    kspace_options_.readout_width =
        settings.readout_width > 0 ? settings.readout_width : reader.summary().readout_width;
    const auto& noise = reader.noise_covariance();
    if (settings.prewhiten && noise.has_value()) {
      kspace_options_.noise_covariance =
          ArrayView<const std::complex<double>, 2>::row_major(noise->values.data(), {noise->coils, noise->coils});
    }
  }

  EmbeddedScan run(const std::function<void(std::int64_t)>& before_slice) {
    const std::int64_t slices = reader_.summary().slices;
    if (slices < 1) {
      throw Error(ErrorCode::bad_input, "the file holds no slices");
    }
    io::Slice slice;
    for (std::int64_t index = 0; index < slices; ++index) {
      before_slice(index);
      const auto start = std::chrono::steady_clock::now();
      reader_.read(index, slice);
      const double seconds = seconds_since(start);
      check_size(slice);
      if (batch_.count() > 0 && (!batch_.same_geometry(slice) || is_full())) {
        embed_batch();
      }
      batch_.add(slice, seconds);
    }
    embed_batch();
    return std::move(result_);
  }

 private:
  void check_size(const io::Slice& slice) const {
    const auto expected = static_cast<std::size_t>(slice.channels * slice.height * slice.width);
    const std::size_t held = domain_ == io::Domain::stacked ? slice.stacked.size() : slice.samples.size();
    if (held != expected) {
      throw Error(ErrorCode::internal, name_of(slice.label) + ": the reader gave " + std::to_string(held) +
                                           " samples where " + std::to_string(expected) + " belong");
    }
  }

  // Whether one more slice of this size would be too many.
  [[nodiscard]] bool is_full() const {
    const std::size_t count = batch_.count();
    if (settings_.batch > 0) {
      return count >= static_cast<std::size_t>(settings_.batch);
    }
    const std::size_t bytes = batch_.samples.size() * sizeof(Complex) + batch_.stacked.size() * sizeof(float);
    return count >= static_cast<std::size_t>(usual_batch) || bytes / count * (count + 1) > usual_batch_bytes;
  }

  void embed_batch() {
    const std::size_t count = batch_.count();
    try {
      embed_slices(0, count);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::device_not_available) {
        throw;
      }
      if (count == 1) {
        throw naming_slice(error, batch_.labels.front());
      }
      embed_one_by_one();  // finds the slice to blame, or needs little enough memory to succeed
    }
    batch_.clear();
  }

  void embed_one_by_one() {
    for (std::size_t index = 0; index < batch_.count(); ++index) {
      try {
        embed_slices(index, 1);
      } catch (const Error& error) {
        throw naming_slice(error, batch_.labels[index]);
      }
    }
  }

  // Embeds `count` slices of the batch from `first` on and appends them to the result.
  void embed_slices(std::size_t first, std::size_t count) {
    const auto slices = static_cast<std::int64_t>(count);
    const auto embed_dim = static_cast<std::size_t>(embedder_.info().embed_dim);
    const std::array<std::int64_t, 4> shape{slices, batch_.channels, batch_.height, batch_.width};
    const std::size_t offset = first * static_cast<std::size_t>(batch_.channels * batch_.height * batch_.width);

    Report report;
    rows_.resize(count * embed_dim);
    const auto rows = ArrayView<float, 2>::row_major(rows_.data(), {slices, embedder_.info().embed_dim});
    if (domain_ == io::Domain::stacked) {
      embedder_.embed(ArrayView<const float, 4>::row_major(batch_.stacked.data() + offset, shape), rows, &report);
    } else {
      const auto samples = ArrayView<const Complex, 4>::row_major(batch_.samples.data() + offset, shape);
      if (domain_ == io::Domain::image) {
        embedder_.embed_images(samples, rows, &report);
      } else {
        embedder_.embed_kspace(samples, rows, kspace_options_, &report);
      }
    }
    if (!std::all_of(rows_.begin(), rows_.end(), [](float component) { return std::isfinite(component); })) {
      throw Error(ErrorCode::bad_input, "the network's result is not finite; --precision float32 may help");
    }

    for (std::size_t index = 0; index < count; ++index) {
      EmbeddedSlice slice;
      slice.label = batch_.labels[first + index];
      slice.coils = domain_ == io::Domain::stacked ? batch_.channels / 2 : batch_.channels;
      slice.energy_kept = report.energy_kept.at(index);
      slice.read_seconds = batch_.read_seconds[first + index];
      slice.prepare_seconds = report.prepare_seconds / static_cast<double>(count);
      slice.network_seconds = report.network_seconds / static_cast<double>(count);
      result_.slices.push_back(slice);
    }
    result_.embeddings.insert(result_.embeddings.end(), rows_.begin(), rows_.end());
  }

  const Embedder& embedder_;
  io::ScanReader& reader_;
  const ScanSettings& settings_;
  io::Domain domain_;
  KspaceOptions kspace_options_;
  Batch batch_;
  std::vector<float> rows_;
  EmbeddedScan result_;
};

}  // namespace

std::string name_of(const io::SliceLabel& label) {
  std::string name = "slice " + std::to_string(label.slice);
  const std::array<std::pair<const char*, int>, 5> others{{{"contrast", label.contrast},
                                                           {"phase", label.phase},
                                                           {"repetition", label.repetition},
                                                           {"set", label.set},
                                                           {"partition", label.partition}}};
  for (const auto& [what, index] : others) {
    if (index != 0) {
      name += std::string(", ") + what + " " + std::to_string(index);
    }
  }
  return name;
}

EmbeddedScan embed_scan(const Embedder& embedder, io::ScanReader& reader, const ScanSettings& settings,
                        const std::function<void(std::int64_t)>& before_slice) {
  return Session(embedder, reader, settings).run(before_slice);
}

}  // namespace mriembed::cli
