#include "line_averages.hpp"

#include <gtest/gtest.h>

#include <array>

namespace mriembed::io {
namespace {

using Complex = std::complex<float>;

constexpr std::int64_t coils = 2;
constexpr std::int64_t lines = 3;
constexpr std::int64_t width = 4;

class LineAveragesTest : public testing::Test {
 protected:
  // Adds `value` to the samples `first_x` to `first_x + count - 1` of both coils, to those of the second coil twice.
  void measure(std::int64_t line, float value, std::int64_t first_x = 0, std::int64_t count = width) {
    const bool first = averages.count(line, {0, count, first_x}, samples);
    for (std::int64_t coil = 0; coil < coils; ++coil) {
      for (std::int64_t x = 0; x < width; ++x) {
        Complex& sample = samples[static_cast<std::size_t>((coil * lines + line) * width + x)];
        const bool reached = x >= first_x && x < first_x + count;
        sample = (first ? Complex(0) : sample) + (reached ? Complex(value, -value) * static_cast<float>(coil + 1) : 0);
      }
    }
  }

  void expect_line(std::int64_t line, const std::array<float, width>& values) {
    for (std::int64_t coil = 0; coil < coils; ++coil) {
      for (std::size_t x = 0; x < width; ++x) {
        EXPECT_EQ(samples[static_cast<std::size_t>((coil * lines + line) * width) + x],
                  Complex(values[x], -values[x]) * static_cast<float>(coil + 1));
      }
    }
  }

  LineAverages averages{coils, lines, width};
  LineAverages::Samples samples = LineAverages::Samples(coils * lines * width, Complex(99, 99));
};

TEST_F(LineAveragesTest, are_means_over_the_readouts_of_each_line) {
  measure(0, 8);
  measure(2, 1);
  measure(2, 2);
  measure(2, 9);
  EXPECT_EQ(averages.of(0), 1);
  EXPECT_EQ(averages.of(1), 0);
  EXPECT_EQ(averages.of(2), 3);
  EXPECT_EQ(averages.fewest(), 1);
  averages.divide(samples);
  expect_line(0, {8, 8, 8, 8});
  expect_line(2, {4, 4, 4, 4});
  EXPECT_EQ(samples[width], Complex(99, 99));
}

TEST_F(LineAveragesTest, are_means_over_the_readouts_that_reach_over_each_sample) {
  measure(1, 4);
  measure(1, 8);
  measure(1, 3, 1, 2);
  measure(1, 5);
  measure(0, 6, 0, 3);  // its last sample is reached by none
  measure(0, 4, 1, 2);
  averages.divide(samples);
  expect_line(1, {17.0F / 3, 5, 5, 17.0F / 3});
  expect_line(0, {6, 5, 5, 0});
}

TEST_F(LineAveragesTest, that_were_divided_ahead_stay_as_they_are) {
  measure(0, 1);
  measure(0, 2);
  measure(1, 5);
  averages.divide_ahead(0, samples);
  averages.divide_ahead(1, samples);
  expect_line(0, {1.5F, 1.5F, 1.5F, 1.5F});
  averages.divide(samples);
  expect_line(0, {1.5F, 1.5F, 1.5F, 1.5F});
  expect_line(1, {5, 5, 5, 5});
}

// 0.1F + 0.3F is no multiple of what its third part is, rounded.
TEST_F(LineAveragesTest, that_were_divided_ahead_are_sums_again_for_a_further_readout) {
  measure(0, 0.1F);
  measure(0, 0.3F);
  measure(0, 0.3F);
  averages.divide_ahead(0, samples);
  measure(0, 0.7F);
  averages.divide(samples);
  const float mean = (0.1F + 0.3F + 0.3F + 0.7F) / 4;
  expect_line(0, {mean, mean, mean, mean});
}

TEST_F(LineAveragesTest, forget_a_line) {
  measure(0, 1);
  measure(0, 3, 0, 2);
  averages.divide_ahead(0, samples);
  averages.forget(0);
  EXPECT_EQ(averages.of(0), 0);
  EXPECT_EQ(averages.fewest(), 0);
  measure(0, 6);
  measure(0, 8);
  averages.divide(samples);
  expect_line(0, {7, 7, 7, 7});
}

TEST_F(LineAveragesTest, merge_means_by_how_many_readouts_hold_each_sample) {
  measure(0, 2);
  measure(1, 3);
  averages.divide(samples);
  const LineAverages own = averages;
  const LineAverages::Samples of_own = samples;
  averages = LineAverages(coils, lines, width);
  measure(1, 6, 1, 2);
  measure(1, 12, 1, 2);
  averages.divide(samples);
  LineAverages merged = own;
  LineAverages::Samples of_both = of_own;
  merged.merge(of_both, averages, samples);
  samples = of_both;
  expect_line(0, {2, 2, 2, 2});
  expect_line(1, {3, 7, 7, 3});
  EXPECT_EQ(merged.of(1), 3);
}

}  // namespace
}  // namespace mriembed::io
