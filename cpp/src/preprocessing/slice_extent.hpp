// What of a slice of k-space is the image.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace mriembed {

// Pixels along y and x.
struct GridSize {
  std::int64_t height;
  std::int64_t width;
};

// The smallest square field of view that holds so many pixels of this aspect, height of a pixel over its width.
inline GridSize square_field_of_view(std::int64_t height, std::int64_t width, double pixel_aspect) {
  const double side = std::max(static_cast<double>(height) * pixel_aspect, static_cast<double>(width));
  const auto pixels = [](double length) { return static_cast<std::int64_t>(std::floor(length + 0.5)); };
  return {std::max(height, pixels(side / pixel_aspect)), std::max(width, pixels(side))};
}

}  // namespace mriembed
