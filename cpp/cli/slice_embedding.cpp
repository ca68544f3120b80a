#include "slice_embedding.hpp"

#include <chrono>
#include <span>

#include "messages.hpp"

namespace mriembed::cli {

namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

bool same_geometry(const io::Slice& left, const io::Slice& right) {
  return left.channels == right.channels && left.height == right.height && left.width == right.width;
}

// The slices' samples behind each other in one buffer. `member` is Slice::samples or Slice::stacked.
template <typename T>
std::vector<T> joined(std::span<const io::Slice> slices, std::vector<T> io::Slice::* member) {
  std::vector<T> all;
  all.reserve((slices.front().*member).size() * slices.size());
  for (const io::Slice& slice : slices) {
    all.insert(all.end(), (slice.*member).begin(), (slice.*member).end());
  }
  return all;
}

class ScanEmbedding {
 public:
  ScanEmbedding(const Embedder& embedder, const std::string& file, io::ScanReader& scan,
                const EmbeddingOptions& options)
      : embedder_(embedder), file_(file), scan_(scan), options_(options) {}

  std::vector<EmbeddedSlice> run() {
    const std::int64_t slices = scan_.summary().slices;
    std::vector<io::Slice> batch;
    Progress progress;
    for (std::int64_t index = 0; index < slices; ++index) {
      progress.show(file_ + ": slice " + std::to_string(index + 1) + " of " + std::to_string(slices));
      const auto start = std::chrono::steady_clock::now();
      io::Slice slice;
      scan_.read(index, slice);
      read_seconds_.push_back(seconds_since(start));
      if (!batch.empty() && (static_cast<std::int64_t>(batch.size()) == options_.batch ||
                             !same_geometry(batch.front(), slice))) {
        embed(batch);
        batch.clear();
      }
      batch.push_back(std::move(slice));
    }
    if (!batch.empty()) {
      embed(batch);
    }
    return std::move(rows_);
  }

 private:
  void embed(std::span<const io::Slice> batch) {
    try {
      embed_together(batch);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::internal) {
        throw;
      }
      if (batch.size() > 1) {  // one by one, to learn which slice it was
        for (std::size_t index = 0; index < batch.size(); ++index) {
          embed(batch.subspan(index, 1));
        }
        return;
      }
      // The library counts slices within the call; the user knows them by their labels.
      std::string reason = error.what();
      const std::string counted = "slice 0 ";
      reason = reason.rfind(counted, 0) == 0 ? " " + reason.substr(counted.size()) : ": " + reason;
      throw Error(error.code(), text_of(batch.front().label) + reason);
    }
  }

  void embed_together(std::span<const io::Slice> batch) {
    const io::Slice& first = batch.front();
    const auto count = static_cast<std::int64_t>(batch.size());
    const std::array<std::int64_t, 4> shape{count, first.channels, first.height, first.width};
    const std::int64_t length = embedder_.info().embed_dim;
    std::vector<float> embeddings(static_cast<std::size_t>(count * length));
    const auto rows = ArrayView<float, 2>::row_major(embeddings.data(), {count, length});
    Report report;
    if (scan_.summary().domain == io::Domain::stacked) {
      const std::vector<float> samples = joined(batch, &io::Slice::stacked);
      embedder_.embed(ArrayView<const float, 4>::row_major(samples.data(), shape), rows, &report);
    } else {
      const std::vector<std::complex<float>> samples = joined(batch, &io::Slice::samples);
      const auto view = ArrayView<const std::complex<float>, 4>::row_major(samples.data(), shape);
      if (scan_.summary().domain == io::Domain::image) {
        embedder_.embed_images(view, rows, &report);
      } else {
        embedder_.embed_kspace(view, rows, kspace_options(), &report);
      }
    }
    for (std::size_t index = 0; index < batch.size(); ++index) {
      EmbeddedSlice row;
      row.file = file_;
      row.label = batch[index].label;
      row.coils = scan_.summary().coils;
      row.energy_kept = report.energy_kept[index];
      const auto from = embeddings.begin() + static_cast<std::ptrdiff_t>(index) * length;
      row.embedding.assign(from, from + length);
      row.read_seconds = read_seconds_[rows_.size()];
      row.prepare_seconds = report.prepare_seconds / static_cast<double>(count);
      row.network_seconds = report.network_seconds / static_cast<double>(count);
      rows_.push_back(std::move(row));
    }
  }

  [[nodiscard]] KspaceOptions kspace_options() const {
    KspaceOptions result;
    result.readout_width = options_.readout_width > 0 ? options_.readout_width : scan_.summary().readout_width;
    const std::optional<io::NoiseCovariance>& noise = scan_.noise_covariance();
    if (options_.prewhiten && noise.has_value()) {
      result.noise_covariance =
          ArrayView<const std::complex<double>, 2>::row_major(noise->values.data(), {noise->coils, noise->coils});
    }
    return result;
  }

  const Embedder& embedder_;
  const std::string& file_;
  io::ScanReader& scan_;
  const EmbeddingOptions& options_;
  std::vector<double> read_seconds_;  // of all slices read so far
  std::vector<EmbeddedSlice> rows_;
};

}  // namespace

std::string text_of(const io::SliceLabel& label) {
  std::string text = "slice " + std::to_string(label.slice);
  const auto add = [&](const char* name, int value) {
    if (value != 0) {
      text += std::string(", ") + name + " " + std::to_string(value);
    }
  };
  add("contrast", label.contrast);
  add("phase", label.phase);
  add("repetition", label.repetition);
  add("set", label.set);
  add("partition", label.partition);
  return text;
}

std::vector<EmbeddedSlice> embed_slices(const Embedder& embedder, const std::string& file, io::ScanReader& scan,
                                        const EmbeddingOptions& options) {
  return ScanEmbedding(embedder, file, scan, options).run();
}

}  // namespace mriembed::cli
