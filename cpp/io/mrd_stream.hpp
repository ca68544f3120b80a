// MRD v1 message streams (ISMRMRD): what siemens_to_ismrmrd and ismrmrd_hdf5_to_stream write, and scanners send.
#pragma once

#include <memory>
#include <string>

#include "scan_reader.hpp"

namespace mriembed::io {

// Whether the file begins as such a stream does: with a header, behind at most a configuration and texts. A stream has
// no signature.
bool is_mrd_stream(const std::string& path);

// The acquisitions of a stream in a file, read as those of HDF5 are: with the same numbers. A stream that ends within a
// message, or without a last one (CLOSE), is read up to there, with a warning.
std::unique_ptr<ScanReader> open_mrd_stream(const std::string& path, const ReadOptions& options);

}  // namespace mriembed::io
