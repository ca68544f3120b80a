#include "kernels/plane.hpp"

#include <algorithm>

#include "kernels/stacking.hpp"

namespace mriembed::kernels {

void resize_to_square(const Plane& plane, std::complex<float>* square, std::int64_t side) {
  const std::int64_t height = std::min(plane.height, side);
  const std::int64_t width = std::min(plane.width, side);
  const std::int64_t right = width - width / 2;  // the centre, and what lies right of it
  for (std::int64_t y = 0; y < side; ++y) {
    std::complex<float>* row = square + y * side;
    const std::int64_t down = y < height - height / 2 ? y : y - side;  // from the centre
    if (down < -(height / 2)) {
      std::fill_n(row, side, std::complex<float>(0));
      continue;
    }
    const std::int64_t from_y = plane.shift_y ? (down + plane.height) % plane.height : down + plane.height / 2;
    const std::complex<float>* from = plane.samples + from_y * plane.width;
    const std::complex<float>* centre = plane.shift_x ? from : from + plane.width / 2;
    const std::complex<float>* left = plane.shift_x ? from + plane.width - width / 2 : centre - width / 2;
    std::copy_n(centre, right, row);
    std::fill_n(row + right, side - width, std::complex<float>(0));
    std::copy_n(left, width / 2, row + side - width / 2);
  }
}

double energy_of(const std::complex<float>* samples, std::int64_t count) {
  double energy = 0;
  for (std::int64_t index = 0; index < count; ++index) {
    energy += static_cast<double>(std::norm(samples[index]));
  }
  return energy;
}

void stack_plane(const Plane& plane, std::complex<float> factor, float* real, float* imaginary) {
  const std::int64_t split = plane.shift_x ? plane.width - plane.width / 2 : plane.width;  // right of the centre
  for (std::int64_t y = 0; y < plane.height; ++y) {
    const std::complex<float>* row = plane.samples + (plane.shift_y ? to_front(y, plane.height) : y) * plane.width;
    const std::int64_t to = y * plane.width;
    const std::int64_t left = plane.width - split;
    stack_pixels(row + split, left, factor, real + to, imaginary + to);
    stack_pixels(row, split, factor, real + to + left, imaginary + to + left);
  }
}

}  // namespace mriembed::kernels
