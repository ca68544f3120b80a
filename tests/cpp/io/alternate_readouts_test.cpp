#include "alternate_readouts.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

namespace mriembed::io {
namespace {

using Complex = std::complex<float>;

struct Scan {
  std::int64_t coils = 2;
  std::int64_t height = 48;
  std::int64_t width = 64;
  bool alternate = false;  // every second line was read out from the other side
  double phase = 0;        // by which the two directions differ
  double shift = 0;        // of the echoes of both directions, in samples
  double noise = 0;        // to the signal's root mean square
  double extent = 0.35;    // of the field of view that the object fills along y, to both sides
  bool symmetric = false;  // and without phase: k-space is the same from both sides
};

std::vector<bool> every_second(std::int64_t lines) {
  std::vector<bool> second;
  second.reserve(static_cast<std::size_t>(lines));
  for (std::int64_t line = 0; line < lines; ++line) {
    second.push_back(line % 2 == 1);
  }
  return second;
}

// Points at random places, each coil with weights of its own, by the definition of the Fourier transform.
std::vector<Complex> kspace(const Scan& scan, unsigned seed) {
  constexpr int points = 40;
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> drawn(-1, 1);
  std::normal_distribution<double> normal;
  struct Point {
    double x, y;
    std::vector<std::complex<double>> weights;
  };
  std::vector<Point> object;
  for (int point = 0; point < points; ++point) {
    Point one{0.4 * drawn(generator), scan.extent * drawn(generator), {}};
    for (std::int64_t coil = 0; coil < scan.coils; ++coil) {
      one.weights.emplace_back(1 + 0.4 * drawn(generator), scan.symmetric ? 0 : 0.4 * drawn(generator));
    }
    object.push_back(one);
    if (scan.symmetric) {
      one.x = -one.x;
      object.push_back(one);
    }
  }
  std::vector<Complex> samples;
  for (std::int64_t coil = 0; coil < scan.coils; ++coil) {
    for (std::int64_t line = 0; line < scan.height; ++line) {
      const std::int64_t middle_x = scan.width / 2;
      const std::int64_t middle_y = scan.height / 2;
      const bool reversed = scan.alternate && line % 2 == 1;
      const double side = reversed ? -1 : 1;
      for (std::int64_t x = 0; x < scan.width; ++x) {
        const double kx = side * (static_cast<double>(x - middle_x) + scan.shift);
        const auto ky = static_cast<double>(line - middle_y);
        std::complex<double> sum = 0;
        for (const Point& point : object) {
          sum += point.weights[static_cast<std::size_t>(coil)] *
                 std::polar(1.0, -2 * std::numbers::pi * (kx * point.x + ky * point.y));
        }
        samples.emplace_back(sum * std::polar(1.0, side * scan.phase / 2));
      }
    }
  }
  double energy = 0;
  for (const Complex& sample : samples) {
    energy += double{std::norm(sample)};
  }
  const double level = scan.noise * std::sqrt(energy / static_cast<double>(samples.size()) / 2);
  for (Complex& sample : samples) {
    sample += Complex(static_cast<float>(level * normal(generator)), static_cast<float>(level * normal(generator)));
  }
  return samples;
}

bool found(const Scan& scan, unsigned seed) {
  return are_alternate_readouts(kspace(scan, seed), scan.coils, scan.height, scan.width, every_second(scan.height));
}

TEST(AlternateReadouts, are_told_whatever_both_directions_differ_in) {
  for (unsigned seed = 0; seed < 5; ++seed) {
    EXPECT_TRUE(found({.alternate = true}, seed));
    EXPECT_TRUE(found({.alternate = true, .phase = 1.3, .shift = 0.3, .noise = 0.1}, seed));
    EXPECT_TRUE(found({.coils = 1, .alternate = true, .phase = -0.7, .extent = 0.25}, seed));
    EXPECT_TRUE(found({.coils = 9, .width = 65, .alternate = true}, seed));
  }
}

TEST(AlternateReadouts, are_not_seen_in_lines_of_one_direction) {
  for (unsigned seed = 0; seed < 5; ++seed) {
    EXPECT_FALSE(found({}, seed));
    EXPECT_FALSE(found({.coils = 1, .extent = 0.5}, seed));
    EXPECT_FALSE(found({.coils = 9, .width = 65, .noise = 0.3}, seed));
    EXPECT_FALSE(found({.noise = 100}, seed));
    EXPECT_FALSE(found({.noise = 0.1, .symmetric = true}, seed));
    EXPECT_FALSE(found({.height = 24, .noise = 100}, seed));
  }
}

TEST(AlternateReadouts, that_make_no_difference_are_not_told) {
  EXPECT_FALSE(found({.width = 65, .alternate = true, .symmetric = true}, 0));
}

TEST(AlternateReadouts, are_not_told_by_few_lines_or_missing_ones) {
  EXPECT_FALSE(found({.height = 23, .alternate = true}, 0));
  EXPECT_FALSE(found({.width = 15, .alternate = true}, 0));
  const Scan scan{.coils = 1, .alternate = true, .extent = 0.25};
  std::vector<Complex> samples = kspace(scan, 0);
  const std::vector<bool> second = every_second(scan.height);
  EXPECT_TRUE(are_alternate_readouts(samples, scan.coils, scan.height, scan.width, second));
  std::fill_n(samples.begin() + (scan.height / 2 + 4) * scan.width, scan.width, Complex(0));
  EXPECT_FALSE(are_alternate_readouts(samples, scan.coils, scan.height, scan.width, second));
  std::ranges::fill(samples, Complex(0));
  EXPECT_FALSE(are_alternate_readouts(samples, scan.coils, scan.height, scan.width, second));
}

}  // namespace
}  // namespace mriembed::io
