// The first bytes of a file, which tell its format.
#pragma once

#include <string>

namespace mriembed::io {

// Up to 8 bytes. Refuses what is no file to read from: absent, a folder, a pipe or device (whose reading may not end).
std::string magic_bytes(const std::string& path);

// Whether the file has HDF5's signature, at its beginning or behind a user block of 512, 1024, 2048, ... bytes
// (MATLAB's v7.3 files have one). False where magic_bytes() would refuse.
bool is_hdf5(const std::string& path);

}  // namespace mriembed::io
