#include "kernels/chirp_fourier.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "every_target.hpp"
#include "fourier_definition.hpp"
#include "random_samples.hpp"

namespace mriembed::kernels {
namespace {

class ChirpFourier : public EveryTarget {};

void expect_definition(std::int64_t length, std::int64_t count, bool rows) {
  constexpr float scale = 0.5F;
  const ChirpTransform transform(length);
  ASSERT_EQ(transform.length(), length);
  const std::complex<float> untouched(-7, 7);
  auto plane = random_samples(count * length, 1);
  plane.push_back(untouched);
  ChirpTransform::Memory memory;
  for (const Direction direction : {Direction::forward, Direction::inverse}) {
    const FourierDefinition definition(static_cast<std::size_t>(length), direction == Direction::forward ? -1 : 1);
    auto transformed = plane;
    if (rows) {
      transform.along_rows(transformed.data(), count, direction, scale, memory);
    } else {
      transform.along_columns(transformed.data(), count, direction, scale, memory);
    }
    const auto at = [&](std::int64_t line, std::size_t n) {
      const auto sample = static_cast<std::int64_t>(n);
      return static_cast<std::size_t>(rows ? line * length + sample : sample * count + line);
    };
    // Eight roundings of what a sample of the result is on average: two transforms, and three products.
    const double average = std::sqrt(2 * static_cast<double>(length)) * static_cast<double>(scale);
    const double allowed = 8 * static_cast<double>(std::numeric_limits<float>::epsilon()) * average;
    for (std::int64_t line = 0; line < count; ++line) {
      std::vector<std::complex<double>> samples;
      samples.reserve(static_cast<std::size_t>(length));
      for (std::size_t n = 0; n < static_cast<std::size_t>(length); ++n) {
        samples.emplace_back(plane[at(line, n)]);
      }
      for (std::size_t k = 0; k < samples.size(); ++k) {
        const auto exact = static_cast<double>(scale) * definition.at(samples, k);
        ASSERT_LE(std::abs(std::complex<double>(transformed[at(line, k)]) - exact), allowed)
            << count << (rows ? " rows" : " columns") << " of " << length << ", at " << k;
      }
    }
    ASSERT_EQ(transformed.back(), untouched) << "nothing is written behind the plane";
  }
}

TEST_P(ChirpFourier, agrees_with_float64_for_every_length) {
  for (std::int64_t length = 1; length <= 70; ++length) {
    expect_definition(length, 2, true);
    expect_definition(length, 2, false);
  }
  for (const std::int64_t length : {67, 134, 254, 311, 502}) {
    expect_definition(length, 1, true);
    expect_definition(length, 1, false);
  }
}

TEST_P(ChirpFourier, agrees_with_float64_for_any_number_of_rows_and_columns) {
  for (std::int64_t count = 1; count <= 35; ++count) {
    expect_definition(67, count, true);
    expect_definition(67, count, false);
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, ChirpFourier, testing::ValuesIn(targets_here()), name_of_target);

}  // namespace
}  // namespace mriembed::kernels
