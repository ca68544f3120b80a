#include "server/rss_image.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>

namespace mriembed::server {
namespace {

using Complex = std::complex<float>;

// k-space of one bright pixel, by the definition of the centred orthonormal transform.
io::Slice of_point(std::int64_t height, std::int64_t width, std::int64_t y, std::int64_t x,
                   const std::vector<double>& coils) {
  io::Slice slice;
  slice.channels = static_cast<std::int64_t>(coils.size());
  slice.height = height;
  slice.width = width;
  const std::int64_t middle_y = height / 2;
  const std::int64_t middle_x = width / 2;
  const double scale = 1 / std::sqrt(static_cast<double>(height * width));
  for (const double coil : coils) {
    for (std::int64_t ky = 0; ky < height; ++ky) {
      for (std::int64_t kx = 0; kx < width; ++kx) {
        const double turns = static_cast<double>((ky - middle_y) * (y - middle_y)) / static_cast<double>(height) +
                             static_cast<double>((kx - middle_x) * (x - middle_x)) / static_cast<double>(width);
        slice.samples.emplace_back(std::polar(coil * scale, -2 * std::numbers::pi * turns));
      }
    }
  }
  return slice;
}

TEST(RssImage, has_a_point_where_it_lies_with_the_coils_combined) {
  const RssImage image = rss_image(of_point(6, 8, 1, 5, {3, 4}));
  ASSERT_EQ(image.height, 6);
  ASSERT_EQ(image.width, 8);
  for (std::int64_t y = 0; y < 6; ++y) {
    for (std::int64_t x = 0; x < 8; ++x) {
      EXPECT_NEAR(image.pixels[static_cast<std::size_t>(y * 8 + x)], y == 1 && x == 5 ? 5 : 0, 1e-5);
    }
  }
}

TEST(RssImage, is_as_right_for_loud_and_quiet_samples) {
  for (const double loudness : {1e37, 1e25, 1e-25, 1e-35}) {
    const RssImage image = rss_image(of_point(6, 8, 1, 5, {3 * loudness, 4 * loudness}));
    EXPECT_NEAR(image.pixels[1 * 8 + 5], 5 * loudness, 1e-5 * loudness);
  }
}

TEST(RssImage, is_cropped_in_its_middle) {
  io::Slice slice = of_point(6, 16, 2, 9, {1});
  slice.geometry.readout_width = 8;
  slice.geometry.phase_height = 4;
  const RssImage image = rss_image(slice);
  ASSERT_EQ(image.height, 4);
  ASSERT_EQ(image.width, 8);
  EXPECT_NEAR(image.pixels[1 * 8 + 5], 1, 1e-5);  // 2 - (6 - 4) / 2, 9 - (16 - 8) / 2
}

}  // namespace
}  // namespace mriembed::server
