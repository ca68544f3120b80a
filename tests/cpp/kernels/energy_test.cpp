#include "kernels/energy.hpp"

#include <gtest/gtest.h>

#include <complex>

#include "every_target.hpp"
#include "random_samples.hpp"

namespace mriembed::kernels {
namespace {

class Energy : public EveryTarget {};

TEST_P(Energy, agrees_with_float64_for_every_number_of_samples_and_size) {
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

INSTANTIATE_TEST_SUITE_P(Kernels, Energy, testing::ValuesIn(targets_here()), name_of_target);

}  // namespace
}  // namespace mriembed::kernels
