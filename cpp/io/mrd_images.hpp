// MRD (ISMRMRD) image groups in HDF5: coil images that a reconstruction wrote.
#pragma once

#include <memory>

#include "hdf5_file.hpp"
#include "scan_reader.hpp"

namespace mriembed::io {

// Whether a file has image groups (those that hold header, data and attributes) up to two levels deep.
bool is_mrd_images(const Hdf5Handle& file);

// Reads the complex ones of these groups, (n, channel, z, y, x) each, one after another; refuses a file that has
// magnitude only.
std::unique_ptr<ScanReader> open_mrd_images(const Hdf5Handle& file, std::int64_t file_size, const ReadOptions& options);

}  // namespace mriembed::io
