#include "kernels/sample_copy.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "every_target.hpp"
#include "random_samples.hpp"

namespace mriembed::kernels {
namespace {

class CopyScaled : public EveryTarget {};

TEST_P(CopyScaled, copies_every_sample_and_returns_the_largest_part_wherever_it_lies) {
  for (const float size : {1e-30F, 1.0F, 1e30F}) {
    for (std::int64_t count = 1; count <= 40; ++count) {
      auto samples = random_samples(count, size * 1e-3F);
      samples.back().imag(-size);
      std::vector<std::complex<float>> copy(samples.size() + 1, {-7, 7});
      EXPECT_EQ(std::bit_cast<float>(copy_scaled(samples.data(), count, 0.5F, copy.data())), size);
      for (std::size_t index = 0; index < samples.size(); ++index) {
        ASSERT_EQ(copy[index], samples[index] * 0.5F);
      }
      EXPECT_EQ(copy.back(), std::complex<float>(-7, 7));
    }
  }
}

TEST_P(CopyScaled, tells_zero_and_what_is_not_finite_from_everything_else) {
  std::vector<std::complex<float>> copy(40);
  EXPECT_EQ(copy_scaled(std::vector<std::complex<float>>(40).data(), 40, 1, copy.data()), 0);
  for (const float fault : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    for (std::size_t index = 0; index < 40; ++index) {
      auto samples = random_samples(40, 1e30F);
      samples[index].imag(fault);
      EXPECT_GE(copy_scaled(samples.data(), 40, 1, copy.data()), 0x7F800000) << fault << " at " << index;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, CopyScaled, testing::ValuesIn(targets_here()), name_of_target);

}  // namespace
}  // namespace mriembed::kernels
