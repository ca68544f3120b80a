// Scans as they are sent, and what LiveScan makes of them.
#pragma once

#include <array>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "live_scan.hpp"
#include "scan_files.hpp"

namespace mriembed::io::testing_files {

struct StreamedScan {
  std::string xml;
  std::vector<ISMRMRD::Acquisition> lines;
};

struct GivenSlice {
  Slice slice;
  std::size_t after;  // so many lines
};

// A line that the listener was told of.
struct ToldLine {
  VolumeKey key;
  std::int64_t partition;
  std::int64_t line;
  bool again;
  std::size_t after;                         // so many lines
  std::vector<std::complex<float>> samples;  // of all coils
};

struct LiveSlices {
  std::vector<GivenSlice> slices;
  std::vector<ToldLine> told;
  std::vector<std::string> warnings;
  std::optional<NoiseCovariance> noise;
  std::string noise_source;
  bool held = false;
};

void add_line(LiveScan& scan, const ISMRMRD::Acquisition& line);

LiveSlices read_live(const StreamedScan& scan, const ReadOptions& options = {},
                     const std::vector<MeasuredNoise>& others = {});

// Whether a warning has these words.
bool warned(const LiveSlices& result, const std::string& words);

// Bit for bit what the file of the same acquisitions gives, in any order.
void expect_as_in_file(const StreamedScan& scan, const ReadOptions& options = {});

}  // namespace mriembed::io::testing_files
