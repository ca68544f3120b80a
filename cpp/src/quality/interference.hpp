// A line in the spectrum of the outer lines of k-space that no object causes.
#pragma once

#include <cstdint>
#include <vector>

#include "mriembed/scan_quality.hpp"

namespace mriembed::quality {

// `spectrum`: (coils, x), power of each frequency, 0 in the middle and ascending in the image: the transform that makes
// it has the other sign than the readout's frequencies. `outermost`: the same in the half of the lines that is farthest
// from the centre of k-space.
//
// The level of a frequency in a coil is its power over the median of 16 neighbours, without the nearest, or over that
// 3 samples away, if this is more: a tone fills no more than two samples, edges of objects do. That of a frequency is
// the mean over coils, or half of that in a single coil if this is more. All of these times the power in the outermost
// lines over that in all, if this is 0.5 to 1, or else times the nearer of both: away from the centre of k-space an
// edge along y becomes weaker, a tone does not.
Interference strongest_interference(const std::vector<double>& spectrum, const std::vector<double>& outermost,
                                    std::int64_t coils);

}  // namespace mriembed::quality
