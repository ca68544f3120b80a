// Raw MRD (ISMRMRD) data in HDF5: a group that holds the datasets "xml" and "data".
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hdf5_file.hpp"
#include "mrd_raw.hpp"
#include "scan_reader.hpp"

namespace mriembed::io {

// The noise of a group that holds noise lines and no image; none where it holds others.
std::optional<MeasuredNoise> noise_alone(const Hdf5Handle& group, const std::string& name, std::int64_t file_size);

// The noise lines of a group, whatever else it holds; none where it has none.
std::optional<MeasuredNoise> noise_of(const Hdf5Handle& group, const std::string& name, std::int64_t file_size);

// `noise` as open_mrd_raw() takes it.
std::unique_ptr<ScanReader> open_mrd_hdf5(const Hdf5Handle& group, std::int64_t file_size, const ReadOptions& options,
                                          const std::vector<MeasuredNoise>& noise = {});

}  // namespace mriembed::io
