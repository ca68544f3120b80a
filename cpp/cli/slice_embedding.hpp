// From the slices of an open scan to embeddings, a batch at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mriembed/embedder.hpp"
#include "scan_reader.hpp"

namespace mriembed::cli {

struct EmbeddedSlice {
  std::string file;
  io::SliceLabel label;
  std::int64_t coils = 0;  // physical coils
  double energy_kept = 0;  // by the coil compression
  std::vector<float> embedding;
  double read_seconds = 0;     // for this slice
  double prepare_seconds = 0;  // its share of the batch's time, as the next
  double network_seconds = 0;
};

struct EmbeddingOptions {
  std::int64_t batch = 8;  // slices of one geometry that go through the network together
  bool prewhiten = true;
  std::int64_t readout_width = 0;  // 0: what the scan says
};

// "slice 3", with contrast, phase, repetition, set and partition where they are not 0.
std::string text_of(const io::SliceLabel& label);

// Embeds every slice of `scan`. Throws Error bad_input (or invalid_argument) that names the slice, not the file.
std::vector<EmbeddedSlice> embed_slices(const Embedder& embedder, const std::string& file, io::ScanReader& scan,
                                        const EmbeddingOptions& options);

}  // namespace mriembed::cli
