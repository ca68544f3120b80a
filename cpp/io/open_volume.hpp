// A volume of a scan that is being measured, of which lines are expected to come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "acquisitions.hpp"
#include "early_calibration.hpp"
#include "measured_places.hpp"
#include "separate_lines.hpp"
#include "volume_key.hpp"

namespace mriembed::io {

struct OpenVolume {
  // `factor`: the acceleration by the header.
  OpenVolume(const VolumeKey& key, std::int64_t factor) : early_calibration(key, factor) {}

  std::vector<Acquisition> lines;  // imaging
  bool calibrated = false;
  bool placed = false;            // the assembler has its lines; else they are pending
  std::vector<HeldLine> pending;  // in the order of their measurement
  MeasuredPlaces places;
  std::size_t first = 0;  // index of the first line
  std::size_t last = 0;   // and of the last one
  EarlyCalibration early_calibration;
};

}  // namespace mriembed::io
