#include "server/model_embedder.hpp"

#include <complex>
#include <utility>

#include "cli/option_checks.hpp"
#include "cli/scan_embedder.hpp"
#include "io/batches/slice_batch.hpp"
#include "mriembed/arriving_kspace.hpp"
#include "mriembed/error.hpp"

namespace mriembed::server {

namespace {

KspaceOptions options_of(const ArrivingSamples& samples, const ScanContext& scan) {
  KspaceOptions options;
  options.readout_width = samples.geometry.readout_width;
  options.phase_height = samples.geometry.phase_height;
  options.pixel_aspect = io::aspect_of(samples.geometry, samples.shape[1], samples.shape[2]);
  if (scan.noise.has_value()) {
    options.noise_covariance = ArrayView<const std::complex<double>, 2>::row_major(
        scan.noise->values.data(), {scan.noise->coils, scan.noise->coils});
  }
  return options;
}

class ArrivingByModel final : public ArrivingEmbedding {
 public:
  ArrivingByModel(const ModelEmbedder& model, const Embedder& embedder, const ArrivingSamples& samples,
                  std::shared_ptr<const ScanContext> scan)
      : model_(model),
        length_(embedder.info().embed_dim),
        scan_(std::move(scan)),
        kspace_(embedder, ArrayView<const std::complex<float>, 3>::row_major(samples.samples, samples.shape),
                options_of(samples, *scan_), samples.lacks_lines ? ExpectedLines::some : ExpectedLines::all) {}

  void add_line(std::int64_t y) override { kspace_.add_line(y); }

  EmbeddedSlice embed(io::Slice& slice) override {
    EmbeddedSlice embedded;
    embedded.vector.resize(static_cast<std::size_t>(length_));
    embedded.coils = slice.channels;
    Report report;
    try {
      kspace_.embed(ArrayView<float, 1>::row_major(embedded.vector.data(), {length_}), &report);
    } catch (const Error&) {
      return model_.embed(slice, *scan_);  // says what is wrong with which slice
    }
    embedded.energy_kept = report.energy_kept.front();
    embedded.sampling = cli::sampling_of(slice.label, report.sampling.front());
    return embedded;
  }

 private:
  const ModelEmbedder& model_;
  std::int64_t length_;
  std::shared_ptr<const ScanContext> scan_;  // the noise covariance lies there
  ArrivingKspace kspace_;
};

}  // namespace

ModelEmbedder::ModelEmbedder(const std::string& file, const Options& options)
    : embedder_(Embedder::load(file, options)),
      identity_{file, embedder_.info().weights_sha256, embedder_.info().embed_dim} {
  cli::warn_if_unsealed(file, embedder_.info());
}

std::unique_ptr<ArrivingEmbedding> ModelEmbedder::begin(const ArrivingSamples& samples,
                                                        std::shared_ptr<const ScanContext> scan) const {
  try {
    return std::make_unique<ArrivingByModel>(*this, embedder_, samples, std::move(scan));
  } catch (const Error&) {
    return nullptr;  // embedding the whole slice says why
  }
}

EmbeddedSlice ModelEmbedder::embed(io::Slice& slice, const ScanContext& scan) const {
  io::ScanFacts facts;
  facts.summary.domain = io::Domain::kspace;
  facts.noise = {scan.noise};
  facts.headers = {scan.header};
  io::SliceBatch batch;
  batch.channels = slice.channels;
  batch.height = slice.height;
  batch.width = slice.width;
  batch.geometry = slice.geometry;
  batch.labels = {slice.label};
  batch.read_seconds = {0};
  // The samples only visit the batch: they are large, and their memory serves the next slice.
  std::swap(batch.samples, slice.samples);
  cli::EmbeddedScan result;
  try {
    cli::embed_batch(embedder_, facts, batch, {}, result);
  } catch (...) {
    std::swap(batch.samples, slice.samples);
    throw;
  }
  std::swap(batch.samples, slice.samples);
  const cli::EmbeddedSlice& embedded = result.slices.front();
  return {std::move(result.embeddings), embedded.coils, embedded.energy_kept, embedded.sampling};
}

}  // namespace mriembed::server
