// The calibration region (ACS lines), on which the coil compression depends (docs/preprocessing.md, steps 2 and 4): the
// central lines of k-space.
#pragma once

#include <cstdint>

#include "preprocessing/sample_planes.hpp"
#include "preprocessing/slice_units.hpp"

namespace mriembed {

struct CalibrationRegion {
  std::int64_t lines;
  std::int64_t width;  // that x is cropped to
  bool kspace;         // of the samples; or else they are images
};

struct CalibrationFigures {
  std::int32_t peak_bits = 0;  // after scaling
  double energy_before = 0;    // before x is cropped, and after that; 0 where nothing is cropped
  double energy = 0;
};

// Gathers the Gram matrix of the coils over the region, times `scale`, in the workspace.
CalibrationFigures gather_coil_gram(const CoilSamples& source, const CalibrationRegion& region, float scale,
                                    const SliceUnits& units);

}  // namespace mriembed
