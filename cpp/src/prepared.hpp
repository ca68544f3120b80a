// What preprocessing takes beside the samples, and what it hands to the network.
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

namespace mriembed {

// What of a slice of k-space is the image. Crops are of 1 to the number of samples; none: nothing is cropped.
struct SliceExtent {
  std::optional<std::int64_t> readout_width;  // pixels of x
  std::optional<std::int64_t> phase_height;   // pixels of y
  double pixel_aspect = 1;                    // height of a pixel over its width

  // Whether it says more than the width, which is all that preprocessing knew at first.
  [[nodiscard]] bool beyond_readout_width() const { return phase_height.has_value() || pixel_aspect != 1; }
};

// Pixels along y and x.
struct GridSize {
  std::int64_t height;
  std::int64_t width;
};

// The smallest square field of view that holds so many pixels of this aspect.
inline GridSize square_field_of_view(std::int64_t height, std::int64_t width, double pixel_aspect) {
  const double side = std::max(static_cast<double>(height) * pixel_aspect, static_cast<double>(width));
  const auto pixels = [](double length) { return static_cast<std::int64_t>(std::floor(length + 0.5)); };
  return {std::max(height, pixels(side / pixel_aspect)), std::max(width, pixels(side))};
}

// The network's input and the share of each slice's energy that it kept.
struct Prepared {
  at::Tensor stacked;      // (slices, 2 x coils, H, W), float32
  at::Tensor energy_kept;  // (slices), float64
};

}  // namespace mriembed
