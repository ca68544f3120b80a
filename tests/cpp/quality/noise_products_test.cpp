#include "quality/noise_products.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <cstdint>
#include <utility>
#include <vector>

#include "noisy_scan.hpp"

namespace mriembed {
namespace {

// Each coil is the first one's noise times r and noise of its own times (1 - r^2)^1/2: their correlation is r.
TEST(NoiseProducts, estimates_the_correlation_of_noise_without_a_noise_measurement) {
  for (const auto& [height, width] : {std::pair{128, 128}, {96, 131}, {256, 512}}) {
    for (const double correlation : {0.9, 0.6}) {
      Scan scan = noisy_scan({1, 2, 5, 0.1}, height, width);
      const auto own = static_cast<float>(std::sqrt(1 - correlation * correlation));
      for (std::int64_t y = 0; y < height; ++y) {
        for (std::int64_t x = 0; x < width; ++x) {
          scan.at(2, y, x) = own * scan.at(2, y, x) + static_cast<float>(5 * correlation) * scan.at(0, y, x);
        }
      }
      const ScanQualityFigures figures = figures_of(scan);
      const double deviation = 1 / std::sqrt(static_cast<double>(figures.correlation_samples));
      ASSERT_GE(figures.correlation_samples, 256);
      EXPECT_NEAR(figures.coils[0].correlation, correlation, 3 * deviation) << height << " x " << width;
      EXPECT_EQ(figures.coils[0].correlated_with, 2);
      EXPECT_EQ(figures.coils[2].correlated_with, 0);
      EXPECT_EQ(figures.coils[2].correlation, figures.coils[0].correlation);
      EXPECT_LT(figures.coils[1].correlation, 4 * deviation);
      EXPECT_GE(figures.coils[1].correlated_with, 0);
    }
  }
}

TEST(NoiseProducts, estimates_no_correlation_from_few_samples_nor_where_noise_is_measured) {
  const ScanQualityFigures figures = figures_of(noisy_scan({1, 1, 1}, 32, 32));
  EXPECT_EQ(figures.correlation_samples, 0);
  EXPECT_EQ(figures.coils[0].correlated_with, -1);
  EXPECT_EQ(figures.coils[0].correlation, 0);
  ScanQuality quality(2);
  quality.add_slice(noisy_scan({1, 1}, 128, 128).view());
  EXPECT_GE(quality.figures().correlation_samples, 256);
  const std::vector<std::complex<double>> covariance{1, 0.5, 0.5, 1};
  quality.set_noise(ArrayView<const std::complex<double>, 2>::row_major(covariance.data(), {2, 2}));
  EXPECT_EQ(quality.figures().correlation_samples, 0);
  EXPECT_EQ(quality.figures().coils[0].correlation, 0.5);
}

}  // namespace
}  // namespace mriembed
