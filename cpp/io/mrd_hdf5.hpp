// Raw MRD data in HDF5 files.
#pragma once

#include <cstdint>
#include <vector>

#include "hdf5_file.hpp"
#include "measurements.hpp"

namespace mriembed::io {

// The groups of a file that hold raw MRD data, "dataset" first, the others in natural order (scan_2 before scan_10).
// They can be read as long as `file` is there.
std::vector<RawMeasurement> hdf5_measurements(const Hdf5Handle& file, std::int64_t file_size);

}  // namespace mriembed::io
