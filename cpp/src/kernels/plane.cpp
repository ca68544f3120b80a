#include "kernels/plane.hpp"

#include <algorithm>

namespace mriembed::kernels {

void resize(const Plane& plane, std::complex<float>* resized, std::int64_t height, std::int64_t width) {
  const std::int64_t kept_height = std::min(plane.height, height);
  const std::int64_t kept_width = std::min(plane.width, width);
  const std::int64_t right = kept_width - kept_width / 2;  // the centre, and what lies right of it
  for (std::int64_t y = 0; y < height; ++y) {
    std::complex<float>* row = resized + y * width;
    const std::int64_t down = y < kept_height - kept_height / 2 ? y : y - height;  // from the centre
    if (down < -(kept_height / 2)) {
      std::fill_n(row, width, std::complex<float>(0));
      continue;
    }
    const std::int64_t from_y = plane.shift_y ? (down + plane.height) % plane.height : down + plane.height / 2;
    const std::complex<float>* from = plane.samples + from_y * plane.width;
    const std::complex<float>* centre = plane.shift_x ? from : from + plane.width / 2;
    const std::complex<float>* left = plane.shift_x ? from + plane.width - kept_width / 2 : centre - kept_width / 2;
    std::copy_n(centre, right, row);
    std::fill_n(row + right, width - kept_width, std::complex<float>(0));
    std::copy_n(left, kept_width / 2, row + width - kept_width / 2);
  }
}

}  // namespace mriembed::kernels
