// The noise that a raw MRD scan is prewhitened by, and the coils that are left once dead ones are out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "acquisitions.hpp"
#include "mrd_header.hpp"
#include "noise_measurement.hpp"
#include "scan_reader.hpp"

namespace mriembed::io {

struct ScanNoise {
  std::vector<std::int64_t> coils;  // that are read, ascending
  std::optional<NoiseCovariance> covariance;
  std::int64_t samples = 0;          // of each coil; 0: there is no noise measurement
  std::optional<MeasuredNoise> own;  // of the scan's own noise lines
  std::string source;                // the measurement whose noise it is, where it is not the scan's own
  std::vector<std::string> warnings;
  std::vector<std::string> notes;
};

// For a scan of so many coils: of its own noise lines `lines` (indices of `acquisitions`), or, where it has none, of
// the one of `others` that fits.
ScanNoise noise_of_scan(const MrdHeader& header, const Acquisitions& acquisitions,
                        const std::vector<std::size_t>& lines, std::int64_t coils,
                        const std::vector<MeasuredNoise>& others);

// The same where no noise is wanted.
ScanNoise without_noise(std::int64_t coils, bool has_lines);

}  // namespace mriembed::io
