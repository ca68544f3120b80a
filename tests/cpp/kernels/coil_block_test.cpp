#include "kernels/coil_block.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "every_target.hpp"
#include "kernels/peak.hpp"
#include "random_samples.hpp"

namespace mriembed::kernels {
namespace {

class ReadCoilBlock : public EveryTarget {};

constexpr std::int64_t stride = 300;

TEST_P(ReadCoilBlock, separates_and_scales_every_sample_and_fills_up_with_zeros) {
  CoilBlock block;
  for (const std::int64_t coils : {1, 2, 7, 33}) {
    block.resize(coils);
    for (const std::int64_t pixels : {1, 3, 16, 17, 31, 255, 256}) {
      const auto samples = random_samples(coils * stride, 1);
      block.read(samples.data(), stride, pixels, 0.25F);
      ASSERT_EQ(block.pixels(), pixels);
      for (std::int64_t coil = 0; coil < (coils + 5) / 6 * 6; ++coil) {
        for (std::int64_t pixel = 0; pixel < (pixels + 15) / 16 * 16; ++pixel) {
          const auto expected = coil < coils && pixel < pixels
                                    ? samples[static_cast<std::size_t>(coil * stride + pixel)] * 0.25F
                                    : std::complex<float>();
          ASSERT_EQ(block.real(coil)[pixel], expected.real()) << coil << ", " << pixel;
          ASSERT_EQ(block.imaginary(coil)[pixel], expected.imag()) << coil << ", " << pixel;
        }
      }
    }
  }
}

TEST_P(ReadCoilBlock, returns_the_largest_part_wherever_it_lies_and_whatever_its_size) {
  CoilBlock block;
  block.resize(3);
  for (const float size : {1e-30F, 1.0F, 1e30F}) {
    for (std::int64_t pixel = 0; pixel < 37; ++pixel) {
      auto samples = random_samples(3 * stride, size * 1e-3F);
      samples[static_cast<std::size_t>(2 * stride + pixel)].imag(-size);
      EXPECT_EQ(std::bit_cast<float>(block.read(samples.data(), stride, 37, 0.5F)), size) << pixel;
    }
  }
}

TEST_P(ReadCoilBlock, tells_zero_and_what_is_not_finite_from_everything_else) {
  CoilBlock block;
  block.resize(2);
  EXPECT_EQ(block.read(std::vector<std::complex<float>>(2 * stride).data(), stride, 50, 1), 0);
  for (const float fault : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::quiet_NaN(),
                            std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()}) {
    for (std::int64_t pixel = 0; pixel < 50; ++pixel) {
      auto samples = random_samples(2 * stride, 1e30F);
      samples[static_cast<std::size_t>(stride + pixel)].real(fault);
      EXPECT_GE(block.read(samples.data(), stride, 50, 1), infinity_bits) << fault << " at " << pixel;
    }
  }
  EXPECT_LT(
      block.read(std::vector<std::complex<float>>(2 * stride, std::numeric_limits<float>::max()).data(), stride, 50, 1),
      infinity_bits);
}

INSTANTIATE_TEST_SUITE_P(Kernels, ReadCoilBlock, testing::ValuesIn(targets_here()), name_of_target);

}  // namespace
}  // namespace mriembed::kernels
