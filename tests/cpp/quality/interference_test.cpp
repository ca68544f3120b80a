#include "quality/interference.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>
#include <utility>
#include <vector>

namespace mriembed::quality {
namespace {

constexpr std::int64_t width = 128;
constexpr int lines = 32;

// Mean power of lines of white noise of unit power, coil by coil.
std::vector<double> noise(std::int64_t coils, unsigned seed) {
  std::mt19937 generator(seed);
  std::gamma_distribution<double> power(lines, 1.0 / lines);
  std::vector<double> spectrum(static_cast<std::size_t>(coils * width));
  std::ranges::generate(spectrum, [&] { return power(generator); });
  return spectrum;
}

// The power of a tone at x, which may lie between two samples: a Dirichlet kernel.
void add_tone(std::vector<double>& spectrum, std::int64_t coil, double x, double power) {
  for (std::int64_t sample = 0; sample < width; ++sample) {
    const double distance = std::numbers::pi * (static_cast<double>(sample) - x);
    const double kernel = std::abs(distance) < 1e-9 ? 1 : std::sin(distance) / (width * std::sin(distance / width));
    spectrum[static_cast<std::size_t>(coil * width + sample)] += power * kernel * kernel;
  }
}

TEST(InterferenceTest, is_the_mean_over_coils_of_a_tone_in_all_coils) {
  std::vector<double> spectrum(4 * width, 1.0);
  for (std::int64_t coil = 0; coil < 4; ++coil) {
    add_tone(spectrum, coil, 90, 20 + static_cast<double>(coil));
  }
  const Interference found = strongest_interference(spectrum, spectrum, 4);
  EXPECT_NEAR(found.level, 1 + 21.5, 1e-6);
  EXPECT_EQ(found.coil, 3);
  EXPECT_EQ(found.frequency, (64.0 - 90) / width);
}

TEST(InterferenceTest, is_half_of_the_level_of_a_single_coil_of_many) {
  std::vector<double> spectrum = noise(32, 2);
  add_tone(spectrum, 7, 64, 60);  // a constant offset
  const Interference found = strongest_interference(spectrum, spectrum, 32);
  EXPECT_NEAR(found.level, 61.0 / 2, 5);
  EXPECT_EQ(found.frequency, 0);
  EXPECT_EQ(found.coil, 7);
}

// An edge along y has 0.6 of its power, or nothing, where a tone has all.
TEST(InterferenceTest, is_less_where_the_outermost_lines_have_less_of_it) {
  std::vector<double> spectrum(2 * width, 1.0);
  for (std::int64_t coil = 0; coil < 2; ++coil) {
    add_tone(spectrum, coil, 30, 19);
  }
  const std::vector<std::pair<double, double>> levels{{1, 20}, {2, 20}, {0.6, 12}, {0, 10}};
  for (const auto& [share, level] : levels) {
    std::vector<double> outermost = spectrum;
    std::ranges::for_each(outermost, [part = share](double& power) { power *= part; });
    EXPECT_NEAR(strongest_interference(spectrum, outermost, 2).level, level, 1e-6) << share;
  }
}

TEST(InterferenceTest, is_found_between_two_samples) {
  std::vector<double> spectrum = noise(8, 3);
  for (std::int64_t coil = 0; coil < 8; ++coil) {
    add_tone(spectrum, coil, 20.5, 1000);
  }
  EXPECT_GT(strongest_interference(spectrum, spectrum, 8).level, 10);
}

TEST(InterferenceTest, is_low_in_noise) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    const std::vector<double> spectrum = noise(32, seed);
    EXPECT_LT(strongest_interference(spectrum, spectrum, 32).level, 2);
  }
}

// A tube a few samples wide: strong in all outer lines, over noise alone.
TEST(InterferenceTest, is_low_in_an_object_wider_than_a_tone) {
  std::vector<double> spectrum = noise(8, 4);
  for (std::int64_t coil = 0; coil < 8; ++coil) {
    for (std::int64_t x = 57; x < 64; ++x) {
      spectrum[static_cast<std::size_t>(coil * width + x)] += 100;
    }
  }
  EXPECT_LT(strongest_interference(spectrum, spectrum, 8).level, 2);
}

TEST(InterferenceTest, is_one_where_readouts_are_too_short) {
  const std::vector<double> spectrum(16, 3.0);
  EXPECT_EQ(strongest_interference(spectrum, spectrum, 1).level, 1);
}

}  // namespace
}  // namespace mriembed::quality
