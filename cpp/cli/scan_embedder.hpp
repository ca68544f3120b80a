// From an open scan to its embeddings: reads slices, groups them into batches and calls the library.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "io/scan_reader.hpp"
#include "mriembed/embedder.hpp"

namespace mriembed::cli {

struct ScanSettings {
  std::int64_t batch = 0;          // slices of one call; 0: up to 8, fewer where they would take much memory
  bool prewhiten = true;           // with the scan's own noise measurement
  std::int64_t readout_width = 0;  // pixels of x kept after the transform; 0: what the scan says
};

struct EmbeddedSlice {
  io::SliceLabel label;
  std::int64_t coils = 0;
  double energy_kept = 1;
  double read_seconds = 0;
  double prepare_seconds = 0;  // this slice's share of its batch's time, as network_seconds
  double network_seconds = 0;
};

struct EmbeddedScan {
  std::vector<EmbeddedSlice> slices;
  std::vector<float> embeddings;  // row-major (slices, embed_dim)
};

// "slice 3, contrast 1": the slice's number and every other index that is not 0.
std::string name_of(const io::SliceLabel& label);

// Embeds every slice of the scan, in the reader's order. `before_slice` hears the index of each slice before it is
// read. Throws Error: bad_input and invalid_argument where this scan cannot be embedded (the message names the slice,
// not the file), internal and device_not_available as the library does.
EmbeddedScan embed_scan(const Embedder& embedder, io::ScanReader& reader, const ScanSettings& settings,
                        const std::function<void(std::int64_t)>& before_slice);

}  // namespace mriembed::cli
