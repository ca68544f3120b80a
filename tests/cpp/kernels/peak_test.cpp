#include "kernels/peak.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <complex>
#include <cstddef>
#include <limits>
#include <vector>

#include "every_target.hpp"
#include "random_samples.hpp"

namespace mriembed::kernels {
namespace {

class PeakBits : public EveryTarget {};

TEST_P(PeakBits, are_those_of_the_largest_part_of_any_number_of_samples) {
  for (const float size : {1e-40F, 1e-30F, 1.0F, 1e30F}) {
    for (std::int64_t count = 1; count <= 70; ++count) {
      const auto samples = random_samples(count, size, static_cast<unsigned>(count));
      float largest = 0;
      for (const auto& sample : samples) {
        largest = std::max({largest, std::abs(sample.real()), std::abs(sample.imag())});
      }
      ASSERT_EQ(peak_bits(samples.data(), count), std::bit_cast<std::int32_t>(largest));
    }
  }
}

TEST_P(PeakBits, are_no_number_s_wherever_a_sample_is_none) {
  for (const float fault : {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                            std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::quiet_NaN()}) {
    for (std::size_t place = 0; place < 70; ++place) {
      auto samples = random_samples(70, 1e30F);
      samples[place] = place % 2 == 0 ? std::complex<float>(fault, 1) : std::complex<float>(1, fault);
      ASSERT_GE(peak_bits(samples.data(), 70), infinity_bits);
    }
  }
}

TEST_P(PeakBits, are_zero_for_zeros_of_either_sign) {
  const std::vector<std::complex<float>> samples(45, {0.0F, -0.0F});
  EXPECT_EQ(peak_bits(samples.data(), 45), 0);
}

class LargestMagnitude : public EveryTarget {};

TEST_P(LargestMagnitude, is_that_of_any_number_of_values) {
  EXPECT_EQ(largest_magnitude(nullptr, 0), 0);
  for (std::int64_t count = 1; count <= 140; ++count) {
    std::vector<float> values(static_cast<std::size_t>(count), 0.5F);
    for (std::size_t place = 0; place < values.size(); ++place) {
      values[place] = -3;
      ASSERT_EQ(largest_magnitude(values.data(), count), 3) << place << " of " << count;
      values[place] = 0.5F;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, LargestMagnitude, testing::ValuesIn(targets_here()), name_of_target);
INSTANTIATE_TEST_SUITE_P(Kernels, PeakBits, testing::ValuesIn(targets_here()), name_of_target);

}  // namespace
}  // namespace mriembed::kernels
