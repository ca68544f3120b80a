#include "centred_fft.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace mriembed::io {
namespace {

// The definition, in double precision: exp(sign * 2 pi i (k - n / 2) (x - n / 2) / n) / sqrt(n).
std::vector<std::complex<double>> direct(const std::vector<std::complex<float>>& samples, double sign) {
  const auto length = static_cast<std::int64_t>(samples.size());
  const std::int64_t middle = length / 2;
  std::vector<std::complex<double>> transformed;
  for (std::int64_t to = 0; to < length; ++to) {
    std::complex<double> sum = 0;
    for (std::int64_t from = 0; from < length; ++from) {
      const auto steps = static_cast<double>((from - middle) * (to - middle));
      sum += std::polar(1.0, sign * 2 * std::numbers::pi * steps / static_cast<double>(length)) *
             std::complex<double>(samples[static_cast<std::size_t>(from)]);
    }
    transformed.push_back(sum / std::sqrt(static_cast<double>(length)));
  }
  return transformed;
}

class CentredFftOf : public testing::TestWithParam<std::int64_t> {};

TEST_P(CentredFftOf, agrees_with_its_definition_in_both_directions_and_at_any_stride) {
  const auto length = static_cast<std::size_t>(GetParam());
  std::vector<std::complex<float>> samples;
  samples.reserve(length);
  for (std::size_t index = 0; index < length; ++index) {
    samples.emplace_back(std::sin(static_cast<float>(index)), std::cos(3.0F * static_cast<float>(index)));
  }
  for (const auto& [direction, sign] :
       {std::pair{CentredFft::Direction::to_image, 1.0}, {CentredFft::Direction::to_kspace, -1.0}}) {
    for (const std::size_t stride : {1UL, 3UL}) {
      std::vector<std::complex<float>> spread(length * stride, {7, 7});
      for (std::size_t index = 0; index < length; ++index) {
        spread[index * stride] = samples[index];
      }
      CentredFft(GetParam(), direction).apply(spread.data(), static_cast<std::int64_t>(stride));
      const std::vector<std::complex<double>> expected = direct(samples, sign);
      for (std::size_t index = 0; index < spread.size(); ++index) {
        const std::complex<double> right = index % stride == 0 ? expected[index / stride] : std::complex<double>(7, 7);
        EXPECT_LT(std::abs(std::complex<double>(spread[index]) - right), 1e-5);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Lengths, CentredFftOf, testing::Values(1, 2, 7, 12, 15));

}  // namespace
}  // namespace mriembed::io
