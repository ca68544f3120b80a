#include "kernels/sums_around.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <random>
#include <vector>

#include "every_target.hpp"

namespace mriembed::kernels {
namespace {

class SumsAround : public EveryTarget {};

struct Plane {
  std::int64_t height;
  std::int64_t width;
  std::vector<float> values;
};

// A third of the values is 0, others differ by up to a million times.
Plane random_plane(std::int64_t height, std::int64_t width) {
  std::mt19937 generator(static_cast<unsigned>(height * 1000 + width));
  std::uniform_int_distribution<int> digits(0, 6);
  std::uniform_real_distribution<float> uniform(0.5F, 1);
  Plane plane{height, width, {}};
  for (std::int64_t place = 0; place < height * width; ++place) {
    float value = place % 3 == 0 ? 0.0F : uniform(generator);
    for (int digit = digits(generator); digit > 0; --digit) {
      value *= 10;
    }
    plane.values.push_back(value);
  }
  return plane;
}

// Calls `take` with each value within 6 lines and samples of (y, x), but for those within 1 line and 2 samples.
template <typename Take>
void for_values_around(const Plane& plane, std::int64_t y, std::int64_t x, const Take& take) {
  for (std::int64_t line = 0; line < plane.height; ++line) {
    for (std::int64_t sample = 0; sample < plane.width; ++sample) {
      const std::int64_t lines_off = std::abs(line - y);
      const std::int64_t samples_off = std::abs(sample - x);
      if (lines_off <= 6 && samples_off <= 6 && (lines_off > 1 || samples_off > 2)) {
        take(plane.values[static_cast<std::size_t>(line * plane.width + sample)]);
      }
    }
  }
}

TEST_P(SumsAround, leave_out_the_nearest_samples_and_what_lies_beyond_the_edges) {
  for (const auto& [height, width] : {std::pair{1, 1}, {3, 5}, {7, 9}, {20, 16}, {13, 31}, {5, 67}}) {
    const Plane plane = random_plane(height, width);
    std::vector<float> sums(static_cast<std::size_t>(width + 1), -1.0F);
    std::vector<float> counts(sums);
    AlignedVector<float> memory;
    for (std::int64_t y = 0; y < height; ++y) {
      write_sums_around(plane.values.data(), height, width, y, sums.data(), memory);
      write_counts_around(plane.values.data(), height, width, y, counts.data(), memory);
      for (std::int64_t x = 0; x < width; ++x) {
        double sum = 0;
        float count = 0;
        for_values_around(plane, y, x, [&](float value) {
          sum += value;
          count += value > 0 ? 1 : 0;
        });
        ASSERT_NEAR(sums[static_cast<std::size_t>(x)], sum, 2e-6 * sum) << y << ", " << x << " of " << width;
        ASSERT_EQ(counts[static_cast<std::size_t>(x)], count) << y << ", " << x << " of " << width;
      }
      EXPECT_EQ(sums.back(), -1);
      EXPECT_EQ(counts.back(), -1);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, SumsAround, testing::ValuesIn(targets_here()), name_of_target);

}  // namespace
}  // namespace mriembed::kernels
