// fastMRI HDF5 files.
#pragma once

#include <memory>
#include <string>

#include "hdf5_file.hpp"
#include "scan_reader.hpp"

namespace mriembed::io {

bool is_fastmri(const Hdf5Handle& file);

// `file` holds /kspace, (slice, coil, ky, kx) or, single-coil, (slice, ky, kx). With an ismrmrd_header the readout is
// told by its encoded matrix: fastMRI stores it along ky, where this library wants it along x. Readout oversampling is
// removed as that header says. Without a header, a mask tells it, which has one value for each column of the phase
// encoding; without a mask as well, samples are taken as stored. Format: https://github.com/facebookresearch/fastMRI
std::unique_ptr<ScanReader> open_fastmri(const Hdf5Handle& file, std::int64_t file_size, const ReadOptions& options);

}  // namespace mriembed::io
