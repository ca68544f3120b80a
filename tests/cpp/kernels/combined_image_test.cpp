#include "kernels/combined_image.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <vector>

#include "every_target.hpp"
#include "random_samples.hpp"

namespace mriembed::kernels {
namespace {

using Exact = std::complex<double>;

class CombinedImage : public EveryTarget {};

TEST_P(CombinedImage, agrees_with_the_matched_filter_in_float64_for_every_number_of_pixels_and_coils) {
  for (const std::int64_t coils : {1, 3, 8}) {
    for (const std::int64_t pixels : {1, 15, 16, 17, 100, 2048, 2051}) {
      const std::int64_t stride = pixels + 5;
      const auto images = random_samples(coils * stride, 3, 1);
      const auto low = random_samples(coils * stride, 0.5F, 2);
      std::vector<std::complex<float>> combined(static_cast<std::size_t>(pixels) + 1, {-7, -7});
      auto power = combined;
      const double sum =
          combine_images(images.data(), low.data(), coils, stride, pixels, 0.01F, combined.data(), power.data());
      double expected_sum = 0;
      for (std::size_t pixel = 0; pixel < static_cast<std::size_t>(pixels); ++pixel) {
        Exact filtered = 0;
        double strength = 0.01F;
        for (std::size_t coil = 0; coil < static_cast<std::size_t>(coils); ++coil) {
          const std::size_t at = coil * static_cast<std::size_t>(stride) + pixel;
          filtered += std::conj(Exact(low[at])) * Exact(images[at]);
          strength += std::norm(Exact(low[at]));
        }
        const Exact expected = filtered / std::sqrt(strength);
        ASSERT_LE(std::abs(Exact(combined[pixel]) - expected), 3e-6 * (1 + std::abs(expected)));
        ASSERT_NEAR(power[pixel].real(), std::norm(expected), 1e-5 * (1 + std::norm(expected)));
        ASSERT_EQ(power[pixel].imag(), 0);
        expected_sum += std::norm(expected);
      }
      EXPECT_NEAR(sum, expected_sum, 1e-5 * expected_sum);
      EXPECT_EQ(combined.back(), std::complex<float>(-7, -7));
      EXPECT_EQ(power.back(), std::complex<float>(-7, -7));
    }
  }
}

TEST_P(CombinedImage, brightness_is_divided_out_and_darkness_stays_dark) {
  for (const std::int64_t pixels : {1, 16, 37, 1100}) {
    const auto combined = random_samples(pixels, 2, 3);
    const auto local = random_samples(pixels, 4, 4);  // real parts below 0 as well
    for (const bool even : {false, true}) {
      std::vector<float> magnitude(static_cast<std::size_t>(pixels) + 1, -7);
      auto real = magnitude;
      const double energy =
          even_brightness(combined.data(), even ? local.data() : nullptr, pixels, 0.25F, magnitude.data(), real.data());
      double expected_energy = 0;
      for (std::size_t pixel = 0; pixel < combined.size(); ++pixel) {
        const double brightness = even ? std::max(0.0, static_cast<double>(local[pixel].real())) : 0;
        const Exact expected = Exact(combined[pixel]) / std::sqrt(brightness + 0.25);
        ASSERT_NEAR(magnitude[pixel], std::abs(expected), 1e-6 * std::abs(expected));
        ASSERT_NEAR(real[pixel], expected.real(), 1e-6 * std::abs(expected));
        expected_energy += std::norm(expected) + expected.real() * expected.real();
      }
      EXPECT_NEAR(energy, expected_energy, 1e-5 * expected_energy);
      EXPECT_EQ(magnitude.back(), -7);
      EXPECT_EQ(real.back(), -7);
    }
  }
}

TEST_P(CombinedImage, scales_every_number_and_nothing_behind) {
  for (std::int64_t count = 0; count < 40; ++count) {
    std::vector<float> numbers(static_cast<std::size_t>(count) + 1, 3);
    scale(numbers.data(), count, 0.5F);
    EXPECT_EQ(std::count(numbers.begin(), numbers.end(), 1.5F), count);
    EXPECT_EQ(numbers.back(), 3);
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, CombinedImage, testing::ValuesIn(targets_here()), name_of_target);

}  // namespace
}  // namespace mriembed::kernels
