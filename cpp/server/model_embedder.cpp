#include "server/model_embedder.hpp"

#include <utility>

#include "cli/option_checks.hpp"
#include "cli/scan_embedder.hpp"
#include "cli/slice_batch.hpp"

namespace mriembed::server {

ModelEmbedder::ModelEmbedder(const std::string& file, const Options& options)
    : embedder_(Embedder::load(file, options)),
      identity_{file, embedder_.info().weights_sha256, embedder_.info().embed_dim} {
  cli::warn_if_unsealed(file, embedder_.info());
}

EmbeddedSlice ModelEmbedder::embed(io::Slice& slice, const ScanContext& scan) const {
  cli::ScanFacts facts;
  facts.summary.domain = io::Domain::kspace;
  facts.noise = {scan.noise};
  facts.headers = {scan.header};
  cli::SliceBatch batch;
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
