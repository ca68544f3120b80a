// The first bytes of a file, which tell its format.
#pragma once

#include <string>

namespace mriembed::io {

// Up to 8 bytes. Refuses what is no file to read from: absent, a folder, a pipe or device (whose reading may not end).
std::string file_start(const std::string& path);

// Whether the file begins as HDF5 files do. False where file_start() would refuse.
bool begins_as_hdf5(const std::string& path);

}  // namespace mriembed::io
