// Raw MRD (ISMRMRD) data in HDF5: acquisitions, placed into the k-space of slices.
#pragma once

#include <memory>
#include <string>

#include "hdf5_file.hpp"
#include "scan_reader.hpp"

namespace mriembed::io {

// `group` holds the datasets "xml" and "data". One slice per slice, contrast, phase, repetition, set and partition, in
// that order; lines are placed by their encoding step, averages are averaged, and what is no imaging line is left out.
// Only Cartesian data (and EPI, whose reversed lines are turned) can be read.
std::unique_ptr<ScanReader> open_mrd_raw(const Hdf5Handle& group, std::int64_t file_size, const ReadOptions& options);

}  // namespace mriembed::io
