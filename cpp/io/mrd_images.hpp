// MRD (ISMRMRD) image groups in HDF5: coil images that a reconstruction wrote.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hdf5_file.hpp"
#include "scan_reader.hpp"

namespace mriembed::io {

// Paths of all image groups (those that hold header, data and attributes) up to two levels deep.
std::vector<std::string> find_image_groups(const Hdf5Handle& file);

// Reads the complex ones of `groups`, (n, channel, z, y, x) each, one after another; refuses a file that has magnitude
// only.
std::unique_ptr<ScanReader> open_mrd_images(const Hdf5Handle& file, const std::vector<std::string>& groups,
                                            std::int64_t file_size, const ReadOptions& options);

}  // namespace mriembed::io
