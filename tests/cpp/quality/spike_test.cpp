#include "quality/spike.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <random>
#include <vector>

namespace mriembed::quality {
namespace {

constexpr double any = std::numeric_limits<double>::infinity();

// By the definition in the header, sample by sample.
Spike defined_spike(const std::vector<float>& power, std::int64_t height, std::int64_t width, Echo echo,
                    double most_beside) {
  const auto at = [&](std::int64_t y, std::int64_t x) {
    return static_cast<double>(power[static_cast<std::size_t>(y * width + x)]);
  };
  const double peak = *std::ranges::max_element(power);
  Spike strongest;
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      const double from_echo = std::hypot(static_cast<double>(y - echo.y), static_cast<double>(x - echo.x));
      double sum = 0;
      double beside = 0;
      int count = 0;
      for (std::int64_t v = std::max<std::int64_t>(0, y - 6); v < std::min(height, y + 7); ++v) {
        for (std::int64_t u = std::max<std::int64_t>(0, x - 6); u < std::min(width, x + 7); ++u) {
          const bool is_near = std::abs(v - y) <= 1 && std::abs(u - x) <= 2;
          sum += is_near ? 0 : at(v, u);
          beside = std::abs(v - y) == 1 && std::abs(u - x) <= 1 ? std::max(beside, at(v, u)) : beside;
          count += !is_near && at(v, u) > 0 ? 1 : 0;
        }
      }
      const bool alone = beside <= (y == 0 || y == height - 1 ? 0.4 : 1) * most_beside * at(y, x);
      if (from_echo >= 6 && at(y, x) > 0 && count >= 24 && alone && at(y, x) / (sum / count) > strongest.level) {
        strongest = {y, x, at(y, x) / (sum / count), std::sqrt(at(y, x) / peak)};
      }
    }
  }
  return strongest;
}

std::vector<float> random_power(std::int64_t height, std::int64_t width, unsigned seed) {
  std::mt19937 generator(seed);
  std::exponential_distribution<float> power;
  std::vector<float> values(static_cast<std::size_t>(height * width));
  std::ranges::generate(values, [&] { return power(generator) + 1e-3F; });
  return values;
}

void expect_as_defined(const std::vector<float>& power, std::int64_t height, std::int64_t width) {
  const Echo echo{height / 3, width / 2};
  for (const double most_beside : {0.25, any}) {
    const Spike found = strongest_spike(power, height, width, echo, most_beside);
    const Spike expected = defined_spike(power, height, width, echo, most_beside);
    EXPECT_EQ(found.y, expected.y);
    EXPECT_EQ(found.x, expected.x);
    EXPECT_NEAR(found.level, expected.level, 1e-9 * expected.level);
    EXPECT_NEAR(found.share, expected.share, 1e-9);
  }
}

TEST(SpikeTest, is_the_sample_that_the_definition_names) {
  for (unsigned seed = 0; seed < 10; ++seed) {
    for (const auto& [height, width] : {std::pair{40, 50}, {7, 9}, {13, 200}, {64, 5}}) {
      expect_as_defined(random_power(height, width, seed), height, width);
    }
  }
}

TEST(SpikeTest, does_not_count_samples_that_were_not_measured) {
  for (unsigned seed = 0; seed < 10; ++seed) {
    std::vector<float> power = random_power(48, 40, seed);
    for (std::size_t place = 0; place < power.size(); ++place) {
      if (place / 40 % 3 != 0 || place % 40 < 6) {
        power[place] = 0;
      }
    }
    expect_as_defined(power, 48, 40);
  }
}

TEST(SpikeTest, is_found_at_edges_and_not_around_the_echo) {
  for (const std::int64_t place : {0, 49, 50 * 39, 50 * 40 - 1}) {
    std::vector<float> power = random_power(40, 50, 3);
    power[static_cast<std::size_t>(place)] = 1000;
    power[50 * 13 + 30] = 5000;
    const Spike found = strongest_spike(power, 40, 50, {10, 26}, any);
    EXPECT_EQ(found.y * 50 + found.x, place);
    EXPECT_NEAR(found.share, std::sqrt(0.2), 1e-6);
  }
}

TEST(SpikeTest, is_none_where_too_few_samples_lie_around) {
  EXPECT_EQ(strongest_spike(random_power(5, 5, 1), 5, 5, {2, 2}, any).level, 0);
}

TEST(SpikeTest, is_no_peak_that_reaches_over_several_lines) {
  std::vector<float> power = random_power(40, 50, 3);
  power[50 * 30 + 20] = 1000;
  power[50 * 31 + 21] = 400;
  power[50 * 29 + 20] = 300;
  power[50 * 5 + 40] = 600;
  power[50 * 5 + 41] = 500;  // in its own line
  const Spike found = strongest_spike(power, 40, 50, {13, 26}, 0.25);
  EXPECT_EQ(found.y, 5);
  EXPECT_EQ(found.x, 40);
}

}  // namespace
}  // namespace mriembed::quality
