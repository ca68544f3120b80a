// From the slices of a scan to its embeddings: calls the library, batch by batch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/batches/batch_reader.hpp"
#include "io/batches/slice_batch.hpp"
#include "io/scan_reader.hpp"
#include "mriembed/embedder.hpp"
#include "mriembed/scan_quality.hpp"

namespace mriembed::cli {

struct ScanSettings {
  bool prewhiten = true;           // with the scan's own noise measurement
  std::int64_t readout_width = 0;  // pixels of x kept after the transform; 0: what the scan says
  std::int64_t phase_height = 0;   // pixels of y kept after the transform; 0: what the scan says
  double pixel_aspect = 0;         // height of a pixel over its width; 0: what the scan says
};

struct EmbeddedSlice {
  io::SliceLabel label;
  std::int64_t coils = 0;
  double energy_kept = 1;
  std::string sampling;              // Sampling::text()
  double read_seconds = 0;           // in the reader's thread
  double preprocessing_seconds = 0;  // this slice's share of its batch's time, as network_seconds
  double network_seconds = 0;
  std::optional<SliceQuality> quality = std::nullopt;  // where the scan was checked
  std::vector<std::string> findings = {};              // of the measurement
};

struct EmbeddedScan {
  std::vector<io::HeaderFacts> headers;  // of each measurement
  std::vector<EmbeddedSlice> slices;
  std::vector<float> embeddings;      // row-major (slices, embed_dim)
  std::vector<std::string> warnings;  // of the scan
};

// What was done for the slab that a slice was cut from, then for the slice.
std::string sampling_of(const io::SliceLabel& label, const Sampling& sampling);

// Throws Error (bad_input) where these settings do not fit the scan.
void check_settings(const ScanSettings& settings, const io::ScanSummary& summary);

// Embeds the batch and appends its slices to `scan`. Throws Error: bad_input and invalid_argument where this scan
// cannot be embedded (the message names the slice, not the file), internal and device_not_available as the library
// does.
void embed_batch(const Embedder& embedder, const io::ScanFacts& facts, const io::SliceBatch& batch,
                 const ScanSettings& settings, EmbeddedScan& scan);

}  // namespace mriembed::cli
