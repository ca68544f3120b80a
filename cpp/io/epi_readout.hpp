// How the lines of an echo-planar scan were read out, by its header and its first line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "acquisitions.hpp"
#include "mrd_header.hpp"

namespace mriembed::io {

// The described readout with the number of samples that lines have and a dwell time in the unit of the gradient's
// times. What the header lacks is taken from `line`, the scan's first one, or from the delay of a readout in the middle
// of its gradient. None where lines are evenly spaced already, with a warning. Refuses a gradient with ramps during
// which nobody knows when the samples were taken.
std::optional<EpiReadout> readout_of_lines(EpiReadout described, const Acquisition& line, std::int64_t matrix_width,
                                           std::vector<std::string>& warnings);

}  // namespace mriembed::io
