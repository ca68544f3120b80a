// A raw MRD file of several measurements: a scan and what was measured to adjust it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "acquisitions.hpp"
#include "mrd_header.hpp"
#include "scan_reader.hpp"

namespace mriembed::io {

// One measurement, where it lies in its file. Both functions throw Error bad_input where it cannot be read.
struct RawMeasurement {
  std::string name;        // by which a user chooses it
  std::int64_t bytes = 0;  // of the file that may be its own: what it takes in memory is justified by them
  std::function<MrdHeader()> header;
  std::function<std::shared_ptr<const Acquisitions>()> acquisitions;
};

inline constexpr std::size_t most_measurements = 1000;

// Opens the measurements of a file, whose slices follow each other in their order. Of several, those that hold noise
// alone serve the others, and those that cannot be read are named in a warning, unless none can. Where noise alone is
// asked for, it is that of the first measurement without an image, or else of the first one with noise lines.
// `measurements` is not used later.
std::unique_ptr<ScanReader> open_measurements(const std::vector<RawMeasurement>& measurements, std::int64_t file_size,
                                              const ReadOptions& options);

}  // namespace mriembed::io
