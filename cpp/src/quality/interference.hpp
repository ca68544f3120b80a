// A line in the spectrum of the outer lines of k-space that no object causes.
#pragma once

#include <cstdint>
#include <vector>

#include "mriembed/scan_quality.hpp"

namespace mriembed::quality {

// `spectrum`: (coils, x), power of each frequency, 0 in the middle and ascending in the image: the transform that makes
// it has the other sign than the readout's frequencies.
//
// The level of a frequency in a coil is its power over the median of 16 neighbours, without the nearest, or over that
// 3 samples away, if this is more: a tone fills no more than two samples, edges of objects do. That of a frequency is
// the mean over coils, or half of that in a single coil if this is more.
Interference strongest_interference(const std::vector<double>& spectrum, std::int64_t coils);

}  // namespace mriembed::quality
