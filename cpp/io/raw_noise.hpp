// Noise lines of raw MRD data.
#pragma once

#include <optional>
#include <vector>

#include "acquisitions.hpp"
#include "mrd_header.hpp"
#include "noise_measurement.hpp"

namespace mriembed::io {

// The noise lines of a measurement, without its names; none where it has none.
std::optional<MeasuredNoise> noise_of(const Acquisitions& acquisitions);

// The same of a measurement that holds noise lines and no image; none where it holds others.
std::optional<MeasuredNoise> noise_alone(const Acquisitions& acquisitions);

// By these noise lines of so many coils each. Lines of a longer dwell time have less noise: all count with the power
// that they would have at the first one's bandwidth.
MeasuredNoise measured(const Acquisitions& acquisitions, const std::vector<std::size_t>& lines, std::int64_t coils);

// Of measurements of as many coils that may be the scan's, by their names, the one that the header names, or else the
// first; its coils in the order of the scan's. None where no measurement fits.
std::optional<MeasuredNoise> fitting_noise(const std::vector<MeasuredNoise>& measurements, const MrdHeader& header,
                                           std::int64_t coils);

}  // namespace mriembed::io
