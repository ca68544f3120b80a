// What makes embeddings of a session's slices.
#pragma once

#include <array>
#include <complex>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/embedding_format.hpp"
#include "io/scan_reader.hpp"
#include "mriembed/scan_quality.hpp"
#include "server/scan_context.hpp"

namespace mriembed::server {

struct EmbeddedSlice {
  std::vector<float> vector;
  std::int64_t coils = 0;
  double energy_kept = 1;
  std::string sampling;
  std::optional<SliceQuality> quality = std::nullopt;  // where the scan is checked
};

// A 2D slice whose lines arrive one by one. For one thread at a time.
class ArrivingEmbedding {
 public:
  ArrivingEmbedding() = default;
  virtual ~ArrivingEmbedding() = default;
  ArrivingEmbedding(const ArrivingEmbedding&) = delete;
  ArrivingEmbedding& operator=(const ArrivingEmbedding&) = delete;

  // Line `y` of all coils is in the samples.
  virtual void add_line(std::int64_t y) = 0;
  // As SliceEmbedder::embed(), of the slice with these samples.
  virtual EmbeddedSlice embed(io::Slice& slice) = 0;
};

// Where its lines go: (coils, height, width), which stays there.
struct ArrivingSamples {
  const std::complex<float>* samples = nullptr;
  std::array<std::int64_t, 3> shape{};
  io::SliceGeometry geometry;
  bool lacks_lines = false;  // some that the embedder fills are expected never to come
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
  // Null: such slices are embedded as a whole. The embedder outlives it.
  [[nodiscard]] virtual std::unique_ptr<ArrivingEmbedding> begin(const ArrivingSamples& samples,
                                                                 std::shared_ptr<const ScanContext> scan) const = 0;
};

}  // namespace mriembed::server
