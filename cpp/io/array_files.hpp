// Scans that are not in HDF5: NumPy, BART and MRD streams.
#pragma once

#include <memory>
#include <string>

#include "scan_reader.hpp"

namespace mriembed::io {

// Opens a NumPy or BART file or an MRD stream, told by its content. `path` is no folder and no HDF5 file.
std::unique_ptr<ScanReader> open_array_file(const std::string& path, const ReadOptions& options);

}  // namespace mriembed::io
