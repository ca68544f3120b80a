#include "kernels/virtual_coils.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "every_target.hpp"
#include "random_samples.hpp"

namespace mriembed::kernels {
namespace {

class CombineCoils : public EveryTarget {};

void expect_definition(std::int64_t coils, std::int64_t virtual_coils, std::int64_t first, std::int64_t pixels,
                       float size) {
  const std::int64_t width = first + pixels;
  const auto samples = random_samples(coils * width, size);
  const auto weights = random_samples(virtual_coils * coils, 1, 8);
  CoilBlock block;
  block.resize(coils);
  block.read(std::vector<std::complex<float>>(static_cast<std::size_t>(coils * 256), {size, size}).data(), 256, 256, 1);
  block.read(samples.data(), width, width, 1);
  CoilWeights packed;
  packed.assign(weights, coils);
  const std::complex<float> untouched(-7, 7);
  std::vector<std::complex<float>> output(static_cast<std::size_t>(virtual_coils * (pixels + 1)), untouched);
  compress_coils(block, packed, first, pixels, output.data(), pixels + 1);

  for (std::int64_t member = 0; member < virtual_coils; ++member) {
    for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
      std::complex<double> expected = 0;
      double absolute = 0;
      for (std::int64_t coil = 0; coil < coils; ++coil) {
        const std::complex<double> weight = weights[static_cast<std::size_t>(member * coils + coil)];
        const std::complex<double> sample = samples[static_cast<std::size_t>(coil * width + first + pixel)];
        expected += weight * sample;
        absolute += std::abs(weight * sample);
      }
      const std::complex<double> computed = output[static_cast<std::size_t>(member * (pixels + 1) + pixel)];
      ASSERT_LE(std::abs(computed - expected), 1e-6 * absolute) << "virtual coil " << member << ", pixel " << pixel;
    }
    ASSERT_EQ(output[static_cast<std::size_t>(member * (pixels + 1) + pixels)], untouched);
  }
}

TEST_P(CombineCoils, agrees_with_float64_for_every_number_of_coils) {
  for (std::int64_t coils = 1; coils <= 33; ++coils) {
    expect_definition(coils, std::min<std::int64_t>(coils, 8), 0, 50, 1);
  }
}

TEST_P(CombineCoils, agrees_with_float64_for_every_number_of_virtual_coils) {
  for (std::int64_t virtual_coils = 1; virtual_coils <= 13; ++virtual_coils) {
    expect_definition(13, virtual_coils, 0, 37, 1);
  }
}

TEST_P(CombineCoils, agrees_with_float64_at_every_place_and_width_of_a_block) {
  for (std::int64_t pixels = 1; pixels <= 70; ++pixels) {
    expect_definition(5, 3, 0, pixels, 1);
    expect_definition(5, 3, 1 + pixels % 13, pixels, 1);
  }
  expect_definition(3, 8, 255, 1, 1);
  expect_definition(3, 8, 0, 256, 1);
}

TEST_P(CombineCoils, keeps_its_relative_precision_for_large_and_small_samples) {
  expect_definition(9, 8, 3, 50, 1e12F);
  expect_definition(9, 8, 3, 50, 1e-12F);
}

INSTANTIATE_TEST_SUITE_P(Kernels, CombineCoils, testing::ValuesIn(targets_here()), name_of_target);

}  // namespace
}  // namespace mriembed::kernels
