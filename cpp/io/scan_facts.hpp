// What there is to know of a scan beside its slices.
#pragma once

#include <optional>
#include <vector>

#include "scan_reader.hpp"

namespace mriembed::io {

// Outlives the reader that it comes from.
struct ScanFacts {
  ScanSummary summary;
  std::vector<std::optional<NoiseCovariance>> noise;  // of each measurement
  std::vector<HeaderFacts> headers;                   // of each measurement
};

ScanFacts facts_of(const ScanReader& scan);

}  // namespace mriembed::io
