// Which coil of a noise measurement each coil of a scan is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "noise_measurement.hpp"

namespace mriembed::io {

// For each channel of a scan of as many coils, the channel of the same coil in the noise measurement. `names` are those
// of the scan's channels 0, 1, ...; a name that is missing or empty is not known. Coils are told apart by their numbers
// where no name contradicts, and by their names where both have the same ones, each once, in different orders. Nothing
// where they are other coils.
std::optional<std::vector<std::int64_t>> coils_in_noise(const std::vector<std::string>& names,
                                                        const MeasuredNoise& noise);

// "coil 0 is "A" here and "B" there", here in the scan. Expects that coils_in_noise() gives nothing.
std::string difference_of_coils(const std::vector<std::string>& names, const MeasuredNoise& noise);

// Coil i of the result is coil order[i] of `noise`. Expects each coil once.
NoiseCovariance reordered(const NoiseCovariance& noise, const std::vector<std::int64_t>& order);

}  // namespace mriembed::io
