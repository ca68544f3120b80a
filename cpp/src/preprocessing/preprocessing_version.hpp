// The version of the preprocessing and its numbers, as docs/preprocessing.md states them.
#pragma once

#include <cmath>
#include <cstdint>

namespace mriembed {

inline constexpr int preprocessing_version = 4;

inline constexpr std::int64_t calibration_lines = 24;  // of y in k-space, on which the virtual coils depend
inline constexpr std::int64_t echo_window = 48;        // samples along each axis in which the echo is looked for
inline constexpr std::int64_t low_resolution = 20;     // samples that the low-resolution images are made of
inline constexpr double darkest_coils = 0.02;          // of the low-resolution images' root mean square
inline constexpr double darkest = 0.1;                 // of the combined image's root mean square
inline constexpr double least_energy = 1e-9;           // share that a crop must leave
inline constexpr std::int64_t whole_end_share =
    16;  // an end of k-space that lacks at most this part counts as measured

// Of the matrix that a model may have.
inline constexpr std::int64_t smallest_matrix = 8;
inline constexpr std::int64_t largest_matrix = 1024;

// Calls visit(name, value) for each number that a model file must state.
template <typename Visit>
void for_each_preprocessing_number(const Visit& visit) {
  visit("calibration_lines", calibration_lines);
  visit("echo_window", echo_window);
  visit("low_resolution", low_resolution);
  visit("darkest_coils", darkest_coils);
  visit("darkest", darkest);
  visit("least_energy", least_energy);
}

// Samples of the window whose inverse transform is the local brightness of channel `channel`, 1 to num_coils - 1.
inline double brightness_window(std::int64_t channel, std::int64_t num_coils) {
  const auto steps = static_cast<double>(num_coils > 3 ? num_coils - 2 : 1);
  return std::pow(4.0, 1 + static_cast<double>(channel - 1) / steps);
}

}  // namespace mriembed
