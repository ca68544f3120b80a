#include "quality/coil_contrast.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>
#include <vector>

namespace mriembed::quality {
namespace {

using Sample = std::complex<float>;

constexpr std::int64_t height = 48;
constexpr std::int64_t width = 64;

struct Slice {
  std::vector<Sample> samples;
  std::vector<float> power;
  std::vector<double> energies;

  [[nodiscard]] ArrayView<const Sample, 3> view() const {
    return ArrayView<const Sample, 3>::row_major(samples.data(),
                                                 {static_cast<std::int64_t>(energies.size()), height, width});
  }
};

// Coils of unit noise that see a Gaussian echo at (20, 40) of these peaks; every `step`-th line was measured.
Slice slice_of(const std::vector<double>& peaks, std::int64_t step = 1, unsigned seed = 1) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal(0, 1 / std::numbers::sqrt2);
  Slice slice;
  slice.power.assign(static_cast<std::size_t>(height * width), 0.0F);
  for (const double peak : peaks) {
    double energy = 0;
    for (std::int64_t y = 0; y < height; ++y) {
      for (std::int64_t x = 0; x < width; ++x) {
        const double distance = std::hypot(static_cast<double>(y) - 20, static_cast<double>(x) - 40) / 1.5;
        const double real = normal(generator) + peak * std::exp(-distance * distance / 2);
        const std::complex<double> sample = y % step == 0 ? std::complex(real, normal(generator)) : 0;
        energy += std::norm(sample);
        slice.samples.emplace_back(sample);
        slice.power[static_cast<std::size_t>(y * width + x)] += static_cast<float>(std::norm(sample));
      }
    }
    slice.energies.push_back(energy);
  }
  return slice;
}

std::vector<double> contrasts_of(const Slice& slice) {
  return coil_contrasts(slice.view(), slice.power, slice.energies, {20, 40});
}

// Within 3 lines and 4 samples, the echo has nearly all of its energy, pi 1.5^2 peak^2, and there are 63 samples.
TEST(CoilContrastTest, is_one_in_noise_and_that_of_the_echo_where_the_coil_sees_it) {
  const std::vector<double> contrasts = contrasts_of(slice_of({0, 30, 3}));
  EXPECT_NEAR(contrasts[0], 1, 0.4);  // three deviations of 63 samples
  EXPECT_NEAR(contrasts[1], 1 + std::numbers::pi * 1.5 * 1.5 * 900 / 63, 12);
  EXPECT_NEAR(contrasts[2], 1 + std::numbers::pi * 1.5 * 1.5 * 9 / 63, 0.8);
  EXPECT_EQ(median_contrast(contrasts), contrasts[2]);
}

TEST(CoilContrastTest, counts_measured_samples_alone) {
  const std::vector<double> contrasts = contrasts_of(slice_of({0, 30}, 2));
  EXPECT_NEAR(contrasts[0], 1, 0.6);
  EXPECT_GT(contrasts[1], 80);
}

TEST(CoilContrastTest, is_not_known_of_a_coil_of_zeros_nor_from_few_samples) {
  Slice slice = slice_of({0, 30});
  slice.energies[0] = 0;
  EXPECT_EQ(contrasts_of(slice)[0], 0);
  EXPECT_EQ(contrasts_of(slice_of({30, 30}, 20)), (std::vector<double>{0, 0}));
  EXPECT_EQ(median_contrast({0, 0}), 0);
}

TEST(ContrastChangeTest, is_the_factor_beyond_the_median_coils) {
  const ContrastChange lost = contrast_change({100, 200, 50, 80, 90}, {110, 1, 60, 80, 99});
  EXPECT_EQ(lost.coil, 1);
  EXPECT_NEAR(lost.level, 200 * 1.1, 1e-6);  // the median coil grew by a tenth
  const ContrastChange found = contrast_change({110, 1, 60, 80, 99}, {100, 200, 50, 80, 90});
  EXPECT_EQ(found.coil, 1);
  EXPECT_GT(found.level, 180);
}

TEST(ContrastChangeTest, is_not_judged_where_the_slices_differ_altogether) {
  EXPECT_EQ(contrast_change({500, 1, 200, 2, 100}, {2, 400, 10, 300, 120}).level, 1);
  EXPECT_EQ(contrast_change({100, 200, 50, 80, 90}, {50, 1, 100, 160, 45}).level, 1) << "of other orientations";
  EXPECT_EQ(contrast_change({1, 1, 1, 1}, {100, 1, 60, 80}).level, 1) << "no object before";
  EXPECT_EQ(contrast_change({100, 0, 60, 80}, {100, 90, 60, 80}).level, 1) << "a coil of zeros";
}

}  // namespace
}  // namespace mriembed::quality
