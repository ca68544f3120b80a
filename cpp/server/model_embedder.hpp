// Embeddings by a model file.
#pragma once

#include <memory>
#include <string>

#include "mriembed/embedder.hpp"
#include "server/slice_embedder.hpp"

namespace mriembed::server {

class ModelEmbedder final : public SliceEmbedder {
 public:
  // Throws what Embedder::load throws.
  ModelEmbedder(const std::string& file, const Options& options);

  [[nodiscard]] const cli::ModelIdentity& model() const override { return identity_; }
  [[nodiscard]] EmbeddedSlice embed(io::Slice& slice, const ScanContext& scan) const override;
  [[nodiscard]] std::unique_ptr<ArrivingEmbedding> begin(const ArrivingSamples& samples,
                                                         std::shared_ptr<const ScanContext> scan) const override;

 private:
  Embedder embedder_;
  cli::ModelIdentity identity_;
};

}  // namespace mriembed::server
