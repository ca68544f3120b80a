#include "spokes.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>
#include <vector>

namespace mriembed::io {
namespace {

constexpr std::int64_t coils = 3;
constexpr std::int64_t lines = 32;
constexpr std::int64_t length = 64;

bool of(const std::function<std::complex<float>(std::int64_t line, std::int64_t sample)>& signal,
        std::int64_t coil_step = 1) {
  std::vector<std::complex<float>> samples;
  for (std::int64_t coil = 0; coil < coils; ++coil) {
    for (std::int64_t line = 0; line < lines; ++line) {
      for (std::int64_t sample = 0; sample < length; ++sample) {
        samples.push_back(signal(line, sample) * static_cast<float>(coil + 1));
      }
    }
  }
  return are_spokes(energies_of_lines(samples, coils, lines, length, coil_step));
}

float at(double k) { return static_cast<float>(1 / (1 + k * k)); }

TEST(Spokes, all_pass_through_the_centre) {
  const auto spokes = [](std::int64_t line, std::int64_t sample) {
    return std::polar(at(static_cast<double>(sample) - 32), 0.1F * static_cast<float>(line));
  };
  EXPECT_TRUE(of(spokes));
  EXPECT_TRUE(of(spokes, 2));
}

TEST(Spokes, are_no_cartesian_lines) {
  EXPECT_FALSE(of([](std::int64_t line, std::int64_t sample) {
    return std::complex<float>(at(std::hypot(line - 16, sample - 32)));
  }));
}

TEST(Spokes, are_not_seen_in_noise) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  EXPECT_FALSE(of([&](std::int64_t /*line*/, std::int64_t /*sample*/) {
    return std::complex<float>(normal(random), normal(random));
  }));
}

}  // namespace
}  // namespace mriembed::io
