// Raw MRD data in HDF5 files.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "hdf5_file.hpp"
#include "measurements.hpp"
#include "scan_reader.hpp"

namespace mriembed::io {

// Whether a file has a group that holds raw MRD data.
bool is_mrd_hdf5(const Hdf5Handle& file);

// The groups of a file that hold raw MRD data, "dataset" first, the others in natural order (scan_2 before scan_10).
// They can be read as long as `file` is there.
std::vector<RawMeasurement> hdf5_measurements(const Hdf5Handle& file, std::int64_t file_size);

// Reads all of them, or the one that the options name.
std::unique_ptr<ScanReader> open_mrd_hdf5(const Hdf5Handle& file, std::int64_t file_size, const ReadOptions& options);

}  // namespace mriembed::io
