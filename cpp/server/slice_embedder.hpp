// What makes embeddings of a session's slices.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/embedding_format.hpp"
#include "io/scan_reader.hpp"
#include "server/scan_context.hpp"

namespace mriembed::server {

struct EmbeddedSlice {
  std::vector<float> vector;
  std::int64_t coils = 0;
  double energy_kept = 1;
  std::string sampling;
};

// Called from many threads.
class SliceEmbedder {
 public:
  SliceEmbedder() = default;
  virtual ~SliceEmbedder() = default;
  SliceEmbedder(const SliceEmbedder&) = delete;
  SliceEmbedder& operator=(const SliceEmbedder&) = delete;

  [[nodiscard]] virtual const cli::ModelIdentity& model() const = 0;
  // Of k-space. Throws Error, which names the slice.
  [[nodiscard]] virtual EmbeddedSlice embed(io::Slice& slice, const ScanContext& scan) const = 0;
};

}  // namespace mriembed::server
