// Whether the lines of a plane of k-space are those of a scan that is not Cartesian.
#pragma once

#include "line_energies.hpp"

namespace mriembed::io {

// Whether the lines of a plane are the spokes of a radial scan or the interleaves of a spiral: each of them passes
// through the centre of k-space and shows its peak. Of a Cartesian plane few lines do; and noise has no peaks.
bool are_spokes(const LineEnergies& energies);

}  // namespace mriembed::io
