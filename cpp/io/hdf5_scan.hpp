// Scans in HDF5 files: MRD raw data, MRD images, fastMRI.
#pragma once

#include <memory>
#include <string>

#include "scan_reader.hpp"

namespace mriembed::io {

// Opens an HDF5 file, whose format its members tell.
std::unique_ptr<ScanReader> open_hdf5_scan(const std::string& path, const ReadOptions& options);

}  // namespace mriembed::io
