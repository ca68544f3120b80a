#include "kernels/sample_power.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <complex>
#include <cstddef>
#include <vector>

#include "every_target.hpp"
#include "random_samples.hpp"

namespace mriembed::kernels {
namespace {

class SamplePower : public EveryTarget {};

TEST_P(SamplePower, is_summed_in_float64_for_every_number_and_size_of_samples) {
  for (const float size : {1e-30F, 1.0F, 1e30F}) {
    for (const std::int64_t count : {0, 1, 2, 7, 8, 9, 15, 16, 17, 33, 1000, 5003}) {
      const auto samples = random_samples(count, size);
      double expected = 0;
      for (const std::complex<double> v : samples) {
        expected += std::norm(v);
      }
      EXPECT_NEAR(power_of(samples.data(), count), expected, 1e-13 * expected) << count << " samples of " << size;
    }
  }
}

TEST_P(SamplePower, is_added_to_the_sum_of_each_sample_and_to_no_other) {
  for (std::int64_t count = 0; count <= 40; ++count) {
    const auto samples = random_samples(std::max<std::int64_t>(count, 1), 1e20F, static_cast<unsigned>(count));
    std::vector<float> sums(41, 3.0F);
    add_power(samples.data(), count, 0.5e-20F, sums.data());
    for (std::int64_t sample = 0; sample < 41; ++sample) {
      const auto place = static_cast<std::size_t>(sample);
      const double added = sample < count ? std::norm(0.5e-20 * std::complex<double>(samples[place])) : 0;
      ASSERT_NEAR(sums[place], 3 + added, 1e-6 * (3 + added)) << count << " samples, " << sample;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, SamplePower, testing::ValuesIn(targets_here()), name_of_target);

}  // namespace
}  // namespace mriembed::kernels
