#include "kernels/coherence.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>

#include "every_target.hpp"
#include "random_samples.hpp"

namespace mriembed::kernels {
namespace {

class CoherenceTest : public EveryTarget {};

TEST_P(CoherenceTest, agrees_with_float64_for_every_number_of_samples_and_size) {
  for (const float size : {1e-12F, 1.0F, 1e12F}) {
    for (const std::int64_t count : {0, 1, 2, 15, 16, 17, 33, 1000, 1024, 1041, 5003}) {
      const auto a = random_samples(count, size, 1);
      const auto b = random_samples(count, 3 * size, 2);
      std::complex<double> product;
      double energy_of_a = 0;
      double energy_of_b = 0;
      for (std::size_t sample = 0; sample < a.size(); ++sample) {
        const std::complex<double> one(a[sample]);
        const std::complex<double> other(b[sample]);
        product += std::conj(one) * other;
        energy_of_a += std::norm(one);
        energy_of_b += std::norm(other);
      }
      Coherence found;
      found.add(a.data(), b.data(), count / 2);
      found.add(a.data() + count / 2, b.data() + count / 2, count - count / 2);
      const double both = std::sqrt(energy_of_a * energy_of_b);
      EXPECT_LE(std::abs(found.product - product), 1e-6 * both) << count << " samples of " << size;
      EXPECT_NEAR(found.energy_of_a, energy_of_a, 1e-6 * energy_of_a) << count << " samples of " << size;
      EXPECT_NEAR(found.energy_of_b, energy_of_b, 1e-6 * energy_of_b) << count << " samples of " << size;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, CoherenceTest, testing::ValuesIn(targets_here()), name_of_target);

}  // namespace
}  // namespace mriembed::kernels
