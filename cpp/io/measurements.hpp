// A raw MRD file of several measurements, each a group of its own: a scan and what was measured to adjust it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hdf5_file.hpp"
#include "scan_reader.hpp"

namespace mriembed::io {

// The groups of a file that hold raw MRD data, "dataset" first, the others in natural order (scan_2 before scan_10).
std::vector<std::string> measurement_groups(const Hdf5Handle& file);

// Opens one measurement or several, whose slices follow each other in the order of `groups`. Of several, those that
// hold noise alone serve the others, and those that cannot be read are named in a warning, unless none can. Where noise
// alone is asked for, it is that of the first group without an image, or else of the first one with noise lines.
std::unique_ptr<ScanReader> open_measurements(const Hdf5Handle& file, const std::vector<std::string>& groups,
                                              std::int64_t file_size, const ReadOptions& options);

}  // namespace mriembed::io
