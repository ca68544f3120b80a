// Raw MRD (ISMRMRD) data: acquisitions, placed into the k-space of slices.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "acquisitions.hpp"
#include "mrd_header.hpp"
#include "scan_reader.hpp"

namespace mriembed::io {

// Noise that a measurement of its own has measured.
struct MeasuredNoise {
  std::string name;            // of the group that holds it
  std::string measurement_id;  // by which other measurements refer to it; empty: none
  std::int64_t coils = 0;
  std::int64_t samples = 0;  // of each coil
  std::optional<NoiseCovariance> covariance;
};

// The noise of a measurement that holds noise lines and no image, without its names; none where it holds others.
std::optional<MeasuredNoise> noise_alone(const Acquisitions& acquisitions);

// One slice per slice, contrast, phase, repetition, set and partition, in that order; lines are placed by their
// encoding step, averages are averaged, and what is no imaging line is left out. Only Cartesian data (and EPI, whose
// reversed lines are turned) can be read. Where it has no noise lines, `noise` holds measurements that may serve: the
// one that the header names, or else the first of as many coils.
std::unique_ptr<ScanReader> open_mrd_raw(MrdHeader header, std::unique_ptr<Acquisitions> acquisitions,
                                         std::int64_t file_size, const ReadOptions& options,
                                         const std::vector<MeasuredNoise>& noise = {});

}  // namespace mriembed::io
