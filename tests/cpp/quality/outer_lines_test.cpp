#include "quality/outer_lines.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <random>
#include <utility>
#include <vector>

#include "noisy_scan.hpp"

namespace mriembed {
namespace {

// Of both sizes of blocks, of a width that has to be cut, and of more lines than count.
TEST(OuterLines, estimates_the_noise_of_each_coil) {
  for (const auto& [height, width] : {std::pair{64, 64}, {128, 256}, {96, 131}, {256, 512}}) {
    const std::vector<double> noise{1, 2, 0.5, 7};
    const ScanQualityFigures figures = figures_of(noisy_scan(noise, height, width));
    for (std::size_t coil = 0; coil < noise.size(); ++coil) {
      EXPECT_TRUE(figures.coils[coil].noise_is_estimated);
      EXPECT_NEAR(figures.coils[coil].noise / noise[coil], 1, 0.06) << height << " x " << width << ", coil " << coil;
    }
  }
}

// An object that fills all of the field of view, darker and darker along x, leaves no part that is noise alone.
TEST(OuterLines, estimates_no_noise_where_nothing_is_empty) {
  constexpr std::int64_t size = 64;
  Scan scan = noisy_scan({1e-3}, size, size);
  std::mt19937 generator(5);
  std::normal_distribution<double> normal;
  for (std::int64_t y = 0; y < size; ++y) {
    for (std::int64_t pixel = 0; pixel < size; ++pixel) {
      const double darkness = std::exp(-static_cast<double>(pixel) / 8);
      const std::complex<double> value{darkness * normal(generator), darkness * normal(generator)};
      for (std::int64_t x = 0; x < size; ++x) {
        const double turn = -2 * std::numbers::pi * static_cast<double>((x - 32) * (pixel - 32)) / size;
        scan.at(0, y, x) += static_cast<Sample>(value * std::polar(1.0, turn));
      }
    }
  }
  const std::vector<CoilQuality> coils = figures_of(scan).coils;
  EXPECT_EQ(coils[0].noise, 0);
  EXPECT_EQ(coils[0].snr, 0);
}

// k-space of an object that is equally strong along x, so that no block is emptier than another. Two coils see a band
// of it along y each.
TEST(OuterLines, estimates_no_noise_where_lines_have_something_in_common_with_the_next) {
  constexpr std::int64_t size = 64;
  Scan scan = noisy_scan({1, 1, 1}, size, size);
  std::mt19937 generator(6);
  std::normal_distribution<double> normal;
  for (std::int64_t x = 0; x < size; ++x) {
    for (std::int64_t pixel = 0; pixel < size; ++pixel) {
      const Sample value(static_cast<float>(normal(generator)), static_cast<float>(normal(generator)));
      for (std::int64_t coil = 1; coil < 3; ++coil) {
        const double distance = static_cast<double>(pixel - 20 * coil) / 8;
        for (std::int64_t y = 0; y < size; ++y) {
          const double turn = -2 * std::numbers::pi * static_cast<double>((y - 32) * (pixel - 32)) / size;
          scan.at(coil, y, x) += value * static_cast<Sample>(std::polar(std::exp(-distance * distance), turn));
        }
      }
    }
  }
  const std::vector<CoilQuality> of_most = figures_of(scan).coils;
  EXPECT_EQ(of_most[0].noise, 0) << "most coils have no estimate";
  Scan alone = noisy_scan({1, 1}, size, size);
  std::copy_n(&scan.at(1, 0, 0), size * size, &alone.at(1, 0, 0));
  const std::vector<CoilQuality> coils = figures_of(alone).coils;
  EXPECT_NEAR(coils[0].noise, 1, 0.06);
  EXPECT_EQ(coils[1].noise, 0);
}

}  // namespace
}  // namespace mriembed
