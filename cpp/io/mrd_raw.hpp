// Raw MRD (ISMRMRD) data: acquisitions, placed into the k-space of slices.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "acquisitions.hpp"
#include "mrd_header.hpp"
#include "noise_measurement.hpp"
#include "scan_reader.hpp"

namespace mriembed::io {

// One slice per slice, contrast, phase, repetition, set and partition, in that order; lines are placed by their
// encoding step, averages are averaged, and what is no imaging line is left out. Only Cartesian data (and EPI, whose
// reversed lines are turned) can be read. Where it has no noise lines, `noise` holds measurements that may serve: the
// one that the header names, or else the first of as many coils. Of the options' noise, `alone` is not for this.
std::unique_ptr<ScanReader> open_mrd_raw(const MrdHeader& header, std::shared_ptr<const Acquisitions> acquisitions,
                                         std::int64_t file_size, const ReadOptions& options,
                                         const std::vector<MeasuredNoise>& noise = {});

}  // namespace mriembed::io
