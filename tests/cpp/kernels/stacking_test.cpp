#include "kernels/stacking.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "every_target.hpp"
#include "random_samples.hpp"

namespace mriembed::kernels {
namespace {

class Stacking : public EveryTarget {};

TEST_P(Stacking, phase_sum_agrees_with_float64_for_every_number_of_pixels_and_size) {
  for (const float size : {1e-12F, 1.0F, 1e12F}) {
    for (const std::int64_t count : {1, 2, 15, 16, 17, 33, 1000, 1024, 1041, 5003}) {
      const auto image = random_samples(count, size);
      std::complex<double> expected = 0;
      double absolute = 0;
      for (const std::complex<double> v : image) {
        expected += v * std::abs(v);
        absolute += std::norm(v);
      }
      EXPECT_LE(std::abs(phase_sum(image.data(), count) - expected), 1e-6 * absolute) << count << " pixels of " << size;
    }
  }
  EXPECT_EQ(phase_sum(std::vector<std::complex<float>>(50).data(), 50), std::complex<double>());
}

TEST_P(Stacking, energy_agrees_with_float64_for_every_number_of_samples_and_size) {
  for (const float size : {1e-12F, 1.0F, 1e12F}) {
    for (const std::int64_t count : {0, 1, 2, 15, 16, 17, 33, 1000, 1024, 1041, 5003}) {
      const auto samples = random_samples(count, size);
      double expected = 0;
      for (const std::complex<double> v : samples) {
        expected += std::norm(v);
      }
      EXPECT_NEAR(energy_of(samples.data(), count), expected, 1e-6 * expected) << count << " samples of " << size;
    }
  }
}

TEST_P(Stacking, writes_the_rotated_real_and_imaginary_parts_and_nothing_else) {
  const std::complex<float> factor(0.6F, -0.3F);
  for (std::int64_t count = 0; count <= 50; ++count) {
    const auto image = random_samples(count, 3);
    std::vector<float> real(static_cast<std::size_t>(count) + 1, -7.0F);
    std::vector<float> imaginary = real;
    stack_pixels(image.data(), count, factor, real.data(), imaginary.data());
    for (std::size_t pixel = 0; pixel < image.size(); ++pixel) {
      const auto expected = std::complex<double>(image[pixel]) * std::complex<double>(factor);
      ASSERT_NEAR(real[pixel], expected.real(), 2e-7 * std::abs(image[pixel]));
      ASSERT_NEAR(imaginary[pixel], expected.imag(), 2e-7 * std::abs(image[pixel]));
    }
    EXPECT_EQ(real.back(), -7.0F);
    EXPECT_EQ(imaginary.back(), -7.0F);
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, Stacking, testing::ValuesIn(targets_here()), name_of_target);

}  // namespace
}  // namespace mriembed::kernels
