// Opens scans of every format.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "noise_measurement.hpp"
#include "scan_reader.hpp"

namespace mriembed::io {

// The formats, for messages and help texts.
std::string known_formats();

// The endings by which to look for scans in a folder. Of a scan's files, one has such an ending.
std::vector<std::string> scan_endings();

// Opens a scan of any format, told by its content, from any thread. HDF5 is read by a process of its own.
std::unique_ptr<ScanReader> open_scan_file(const std::string& path, const ReadOptions& options);

// The noise measurement of an MRD file with noise lines, or of a NumPy array (coils, samples); none for no file ("").
// Its refusals name the file. `hdf5_reader`: as in ReadOptions.
std::optional<MeasuredNoise> measured_noise(const std::string& path, const std::string& hdf5_reader = "");

// Opens a scan as above, with `noise`, where there is any, in the place of its own.
std::unique_ptr<ScanReader> open_scan_file(const std::string& path, ReadOptions options,
                                           const std::optional<MeasuredNoise>& noise);

}  // namespace mriembed::io
