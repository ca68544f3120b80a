// What the slices of one scan have in common on their way to answers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/scan_reader.hpp"
#include "server/session_settings.hpp"

namespace mriembed::server {

struct ScanContext {
  SessionSettings settings;
  io::HeaderFacts header;
  double partition_thickness_mm = 0;         // of a slab; 0: not known, or 2D
  std::optional<io::NoiseCovariance> noise;  // none: no prewhitening
  std::string prewhitened;                   // "own", the measurement's ID, "no"
  std::vector<std::string> warnings;
};

}  // namespace mriembed::server
