// A scan's figures of quality, by measurement, with what its header calls the coils.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/scan_reader.hpp"
#include "mriembed/quality_findings.hpp"
#include "mriembed/scan_quality.hpp"

namespace mriembed::cli {

// One measurement of a scan.
struct Checked {
  int measurement = 0;
  std::vector<std::int64_t> channels;       // of the scanner, by coil
  std::vector<std::int64_t> dead_channels;  // without noise, which the reader has left out
  std::vector<std::string> names;           // of channels; may be shorter
  std::vector<io::SliceLabel> labels;
  bool noise_is_measured = false;
  ScanQualityFigures figures;
  std::vector<Finding> findings;
};

// All measurements, in the order of their numbers. Throws Error (bad_input) for a scan of images, and what
// ScanQuality::add_slice throws, with the slice.
std::vector<Checked> check_scan(io::ScanReader& scan);

}  // namespace mriembed::cli
