#include "quality/clipping.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <random>
#include <vector>

namespace mriembed::quality {
namespace {

using Samples = std::vector<std::complex<float>>;

// An echo of this height, cut off at a limit of either sign, as a converter of so many steps would.
Samples echo(double height, double lowest, double highest, std::int64_t steps) {
  Samples samples;
  const auto cut = [&](double value) {
    const double unit = (highest - lowest) / static_cast<double>(steps);
    return static_cast<float>(unit * std::round(std::clamp(value, lowest, highest) / unit));
  };
  for (int sample = 0; sample < 256; ++sample) {
    const double distance = (sample - 128) / 10.0;
    const double envelope = height * std::exp(-distance * distance / 2);
    samples.emplace_back(cut(envelope * std::cos(0.9 * sample)), cut(envelope * std::sin(0.9 * sample)));
  }
  return samples;
}

std::int64_t parts(const Samples& samples) {
  Clipping clipping;
  for (std::size_t line = 0; line < samples.size(); line += 16) {
    clipping.add(samples.data() + line, 16);
  }
  return clipping.parts();
}

// Counted one by one.
std::int64_t beyond(const Samples& samples, float limit) {
  std::int64_t count = 0;
  for (const std::complex<float>& sample : samples) {
    count += std::abs(sample.real()) >= limit ? 1 : 0;
    count += std::abs(sample.imag()) >= limit ? 1 : 0;
  }
  return count;
}

TEST(ClippingTest, counts_the_parts_at_the_limits_of_a_converter) {
  const Samples samples = echo(60000, -32768, 32767, 65535);
  EXPECT_GT(beyond(samples, 32767), 10);
  EXPECT_EQ(parts(samples), beyond(samples, 32767));
}

TEST(ClippingTest, finds_none_in_an_echo_within_the_limits) {
  EXPECT_EQ(parts(echo(30000, -32768, 32767, 65535)), 0);
  EXPECT_EQ(parts(echo(0.9, -1, 1, 1 << 30)), 0);
}

// Of a distribution of few values the largest are the rarest.
TEST(ClippingTest, finds_none_in_noise_of_a_few_steps) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    std::mt19937 generator(seed);
    std::normal_distribution<float> normal;
    for (const float deviation : {0.3F, 1.0F, 3.0F}) {
      Samples samples(4096);
      std::ranges::generate(samples, [&] {
        const float real = std::round(deviation * normal(generator));
        return std::complex<float>(real, std::round(deviation * normal(generator)));
      });
      EXPECT_EQ(parts(samples), 0) << deviation << ", seed " << seed;
    }
  }
}

TEST(ClippingTest, finds_none_in_zeros) { EXPECT_EQ(parts(Samples(64)), 0); }

}  // namespace
}  // namespace mriembed::quality
