#include "kernels/sample_copy.hpp"

#include <gtest/gtest.h>

#include <complex>
#include <vector>

#include "every_target.hpp"
#include "random_samples.hpp"

namespace mriembed::kernels {
namespace {

class CopyScaled : public EveryTarget {};

TEST_P(CopyScaled, copies_every_sample_and_nothing_behind_them) {
  for (const float size : {1e-30F, 1.0F, 1e30F}) {
    for (std::int64_t count = 1; count <= 40; ++count) {
      const auto samples = random_samples(count, size);
      std::vector<std::complex<float>> copy(samples.size() + 1, {-7, 7});
      copy_scaled(samples.data(), count, 0.5F, copy.data());
      for (std::size_t index = 0; index < samples.size(); ++index) {
        ASSERT_EQ(copy[index], samples[index] * 0.5F);
      }
      EXPECT_EQ(copy.back(), std::complex<float>(-7, 7));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, CopyScaled, testing::ValuesIn(targets_here()), name_of_target);

}  // namespace
}  // namespace mriembed::kernels
