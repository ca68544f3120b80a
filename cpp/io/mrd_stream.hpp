// MRD v1 message streams (ISMRMRD): what siemens_to_ismrmrd and ismrmrd_hdf5_to_stream write, and scanners send.
#pragma once

#include <memory>
#include <string>

#include "scan_reader.hpp"

namespace mriembed::io {

// Whether the file begins as such a stream does: with a header, behind at most a configuration and texts, or with an
// image. A stream has no signature.
bool is_mrd_stream(const std::string& path);

// The acquisitions of a stream in a file, read as those of HDF5 are: with the same numbers. Each header begins a
// measurement, in a session of its own (behind CLOSE) or in the same one; they are named scan_1, scan_2, ... and read
// as the groups of an HDF5 file are. A stream that ends within a message, or without a last one (CLOSE), is read up to
// there, with a warning. Messages without acquisitions are left out, with a note for each kind. Of a stream that cannot
// be followed any further, the measurement in which that is so is refused, and those before it are read.
std::unique_ptr<ScanReader> open_mrd_stream(const std::string& path, const ReadOptions& options);

}  // namespace mriembed::io
