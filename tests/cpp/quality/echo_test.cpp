#include "quality/echo.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <vector>

namespace mriembed::quality {
namespace {

constexpr std::int64_t height = 40;
constexpr std::int64_t width = 64;

// Power of a Gaussian echo with its peak at (y, x), over a floor of noise.
std::vector<float> gaussian(double y, double x, double deviation) {
  std::vector<float> power;
  for (std::int64_t line = 0; line < height; ++line) {
    for (std::int64_t sample = 0; sample < width; ++sample) {
      const double distance = std::hypot(static_cast<double>(line) - y, static_cast<double>(sample) - x) / deviation;
      power.push_back(static_cast<float>(1 + 1000 * std::exp(-distance * distance / 2)));
    }
  }
  return power;
}

void expect_at(const std::vector<float>& power, std::int64_t y, std::int64_t x) {
  const Echo echo = find_echo(power, height, width);
  EXPECT_EQ(echo.y, y);
  EXPECT_EQ(echo.x, x);
}

TEST(EchoTest, is_the_peak_of_k_space_wherever_it_lies) {
  expect_at(gaussian(20, 32, 1.5), 20, 32);
  expect_at(gaussian(3, 60, 1.5), 3, 60);
  expect_at(gaussian(0, 0, 1.5), 0, 0);
}

// A discharge lasts for a few samples of one line.
TEST(EchoTest, is_no_spike_of_several_samples) {
  std::vector<float> power = gaussian(20, 32, 1.5);
  for (std::int64_t sample = 8; sample < 11; ++sample) {
    power[static_cast<std::size_t>(6 * width + sample)] = 1e6F;
  }
  expect_at(power, 20, 32);
}

TEST(EchoTest, is_found_where_every_other_line_is_missing) {
  std::vector<float> power = gaussian(20, 32, 1.5);
  for (std::int64_t place = 0; place < height * width; ++place) {
    if (place / width % 2 == 1) {
      power[static_cast<std::size_t>(place)] = 0;
    }
  }
  expect_at(power, 20, 32);
}

TEST(EchoTest, is_the_largest_sample_where_no_line_has_neighbours) {
  std::vector<float> power(static_cast<std::size_t>(height * width), 0.0F);
  power[5 * width + 7] = 2;
  power[30 * width + 7] = 3;
  expect_at(power, 30, 7);
}

}  // namespace
}  // namespace mriembed::quality
