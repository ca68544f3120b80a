#include "cli/scan_embedder.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <cstddef>
#include <string>

#include "io/slice_name.hpp"

namespace mriembed::cli {

namespace {

using Complex = std::complex<float>;

// The library counts slices inside one call; the user knows them by their labels.
Error naming_slice(const Error& error, const io::SliceLabel& label) {
  if (error.code() == ErrorCode::out_of_memory) {  // the machine is too small for this slice: the scan's fault
    return {ErrorCode::bad_input, name_of(label) + " does not fit into memory"};
  }
  return {error.code(), name_of(label) + (error.slice().has_value() ? " " : ": ") + error.fault()};
}

// What the user says, or else the scan.
io::SliceGeometry chosen_geometry(const ScanSettings& settings, const io::SliceBatch& batch) {
  const auto chosen = [](auto setting, auto of_scan) { return setting > 0 ? setting : of_scan; };
  io::SliceGeometry geometry;
  geometry.readout_width = chosen(settings.readout_width, batch.geometry.readout_width);
  geometry.phase_height = chosen(settings.phase_height, batch.geometry.phase_height);
  geometry.pixel_aspect = chosen(settings.pixel_aspect, batch.geometry.pixel_aspect);
  geometry.pixel_aspect = io::aspect_of(geometry, batch.height, batch.width);
  return geometry;
}

class BatchEmbedder {
 public:
  BatchEmbedder(const Embedder& embedder, const io::ScanFacts& facts, const io::SliceBatch& batch,
                const ScanSettings& settings, EmbeddedScan& scan)
      : embedder_(embedder), domain_(facts.summary.domain), batch_(batch), scan_(scan) {
    const io::SliceGeometry geometry = chosen_geometry(settings, batch);
    kspace_options_.readout_width = geometry.readout_width;
    kspace_options_.phase_height = geometry.phase_height;
    kspace_options_.pixel_aspect = geometry.pixel_aspect;
    const auto& noise = facts.noise.at(static_cast<std::size_t>(batch.measurement));
    if (settings.prewhiten && noise.has_value()) {
      kspace_options_.noise_covariance =
          ArrayView<const std::complex<double>, 2>::row_major(noise->values.data(), {noise->coils, noise->coils});
    }
  }

  void run() {
    const std::size_t count = batch_.count();
    try {
      embed_slices(0, count);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::device_not_available) {
        throw;
      }
      if (error.code() != ErrorCode::out_of_memory || count == 1) {
        throw naming_slice(error, batch_.labels.at(static_cast<std::size_t>(error.slice().value_or(0))));
      }
      embed_one_by_one();  // needs less memory, or finds the slice that needs too much
    }
  }

 private:
  void embed_one_by_one() {
    for (std::size_t index = 0; index < batch_.count(); ++index) {
      try {
        embed_slices(index, 1);
      } catch (const Error& error) {
        throw naming_slice(error, batch_.labels[index]);
      }
    }
  }

  // Embeds `count` slices of the batch from `first` on and appends them to the scan.
  void embed_slices(std::size_t first, std::size_t count) {
    const auto slices = static_cast<std::int64_t>(count);
    const auto embed_dim = static_cast<std::size_t>(embedder_.info().embed_dim);
    const std::array<std::int64_t, 4> shape{slices, batch_.channels, batch_.height, batch_.width};
    const std::size_t offset = first * static_cast<std::size_t>(batch_.channels * batch_.height * batch_.width);

    Report report;
    rows_.resize(count * embed_dim);
    const auto rows = ArrayView<float, 2>::row_major(rows_.data(), {slices, embedder_.info().embed_dim});
    if (domain_ == io::Domain::network_input) {
      embedder_.embed(ArrayView<const float, 4>::row_major(batch_.network_input.data() + offset, shape), rows, &report);
    } else {
      const auto samples = ArrayView<const Complex, 4>::row_major(batch_.samples.data() + offset, shape);
      if (domain_ == io::Domain::image) {
        embedder_.embed_images(samples, rows, &report);
      } else {
        embedder_.embed_kspace(samples, rows, kspace_options_, &report);
      }
    }
    const auto bad = std::find_if_not(rows_.begin(), rows_.end(), [](float value) { return std::isfinite(value); });
    if (bad != rows_.end()) {
      throw Error(ErrorCode::bad_input, (bad - rows_.begin()) / embedder_.info().embed_dim,
                  "gives a result that is not finite; --precision float32 may help");
    }

    for (std::size_t index = 0; index < count; ++index) {
      EmbeddedSlice slice;
      slice.label = batch_.labels[first + index];
      slice.coils = domain_ == io::Domain::network_input ? batch_.channels / 2 : batch_.channels;
      slice.energy_kept = report.energy_kept.at(index);
      slice.sampling = sampling_of(slice.label, report.sampling.at(index));
      slice.read_seconds = batch_.read_seconds[first + index];
      slice.preprocessing_seconds = report.preprocessing_seconds / static_cast<double>(count);
      slice.network_seconds = report.network_seconds / static_cast<double>(count);
      scan_.slices.push_back(slice);
    }
    scan_.embeddings.insert(scan_.embeddings.end(), rows_.begin(), rows_.end());
  }

  const Embedder& embedder_;
  io::Domain domain_;
  KspaceOptions kspace_options_;
  const io::SliceBatch& batch_;
  EmbeddedScan& scan_;
  std::vector<float> rows_;
};

// A model with a fixed matrix pads slices to a square field of view, in which those that are all but a line take any
// multiple of their own size. Where nothing tells the field of view, samples count: no scan is that uneven.
void check_aspect(std::int64_t matrix, const io::SliceBatch& batch, const ScanSettings& settings) {
  constexpr double most = 64;
  const bool known = settings.pixel_aspect > 0 || batch.geometry.pixel_aspect > 0;
  const double aspect = known ? chosen_geometry(settings, batch).pixel_aspect : 1;
  const double height = static_cast<double>(batch.height) * aspect;  // in widths of a pixel
  const auto width = static_cast<double>(batch.width);
  if (matrix > 0 && std::max(height, width) >= most * std::min(height, width)) {
    throw Error(ErrorCode::bad_input, "slices of " + std::to_string(batch.height) + " x " +
                                          std::to_string(batch.width) +
                                          " samples, which this model with its fixed matrix would pad to a square; one "
                                          "side must be less than 64 times the other");
  }
}

}  // namespace

std::string sampling_of(const io::SliceLabel& label, const Sampling& sampling) {
  std::string of_slice = sampling.text();
  if (label.slab_sampling.empty()) {
    return of_slice;
  }
  return label.slab_sampling + (of_slice == "full" ? "" : ", " + of_slice);
}

void check_settings(const ScanSettings& settings, const io::ScanSummary& summary) {
  if (summary.domain == io::Domain::kspace) {
    return;
  }
  if (settings.readout_width > 0) {
    throw Error(ErrorCode::bad_input, "--readout-width crops k-space, and this file holds images; leave it out");
  }
  if (settings.phase_height > 0) {
    throw Error(ErrorCode::bad_input, "--phase-height crops k-space, and this file holds images; leave it out");
  }
  if (settings.pixel_aspect > 0) {
    throw Error(ErrorCode::bad_input, "--pixel-aspect is for k-space, and this file holds images; leave it out");
  }
}

void embed_batch(const Embedder& embedder, const io::ScanFacts& facts, const io::SliceBatch& batch,
                 const ScanSettings& settings, EmbeddedScan& scan) {
  check_aspect(embedder.info().matrix, batch, settings);
  BatchEmbedder(embedder, facts, batch, settings, scan).run();
}

}  // namespace mriembed::cli
