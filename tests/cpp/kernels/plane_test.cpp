#include "kernels/plane.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "random_samples.hpp"

namespace mriembed::kernels {
namespace {

using Sample = std::complex<float>;

// A plane whose sample at (y, x) from its centre is the complex number y + i x.
struct Grid {
  std::vector<Sample> samples;
  Plane plane;
};

Grid grid(std::int64_t height, std::int64_t width, bool shift_y, bool shift_x) {
  Grid made{std::vector<Sample>(static_cast<std::size_t>(height * width)), {}};
  for (std::int64_t y = -(height / 2); y < height - height / 2; ++y) {
    for (std::int64_t x = -(width / 2); x < width - width / 2; ++x) {
      const std::int64_t row = shift_y ? (y + height) % height : y + height / 2;
      const std::int64_t column = shift_x ? (x + width) % width : x + width / 2;
      made.samples[static_cast<std::size_t>(row * width + column)] = {static_cast<float>(y), static_cast<float>(x)};
    }
  }
  made.plane = {made.samples.data(), height, width, shift_y, shift_x};
  return made;
}

TEST(Plane, indices_go_where_numpys_ifftshift_takes_them) {
  const std::vector<std::int64_t> even{2, 3, 0, 1};
  const std::vector<std::int64_t> odd{3, 4, 0, 1, 2};
  for (std::int64_t index = 0; index < 4; ++index) {
    EXPECT_EQ(to_front(index, 4), even[static_cast<std::size_t>(index)]);
  }
  for (std::int64_t index = 0; index < 5; ++index) {
    EXPECT_EQ(to_front(index, 5), odd[static_cast<std::size_t>(index)]);
  }
}

TEST(Plane, resizing_keeps_every_sample_at_its_place_from_the_centre_and_is_zero_elsewhere) {
  for (const bool shift_y : {false, true}) {
    for (const bool shift_x : {false, true}) {
      for (const auto& [height, width] : {std::pair{1, 1}, {4, 6}, {5, 7}, {6, 3}, {7, 8}, {2, 9}}) {
        const Grid from = grid(height, width, shift_y, shift_x);
        for (std::int64_t case_index = 0; case_index < 121; ++case_index) {
          const std::int64_t rows = 1 + case_index / 11;
          const std::int64_t columns = 1 + case_index % 11;
          std::vector<Sample> resized(static_cast<std::size_t>(rows * columns) + 1, Sample(-50, -50));
          resize(from.plane, resized.data(), rows, columns);
          for (std::int64_t y = -(rows / 2); y < rows - rows / 2; ++y) {
            for (std::int64_t x = -(columns / 2); x < columns - columns / 2; ++x) {
              const bool inside =
                  y >= -(height / 2) && y < height - height / 2 && x >= -(width / 2) && x < width - width / 2;
              const Sample expected = inside ? Sample(static_cast<float>(y), static_cast<float>(x)) : Sample(0);
              const std::int64_t to = (y + rows) % rows * columns + (x + columns) % columns;
              ASSERT_EQ(resized[static_cast<std::size_t>(to)], expected)
                  << height << " x " << width << " to " << rows << " x " << columns << " at " << y << ", " << x;
            }
          }
          ASSERT_EQ(resized.back(), Sample(-50, -50)) << "nothing is written behind the last row";
        }
      }
    }
  }
}

}  // namespace
}  // namespace mriembed::kernels
