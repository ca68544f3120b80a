#include "kernels/fourier.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <vector>

#include "every_target.hpp"
#include "fourier_definition.hpp"
#include "random_samples.hpp"

namespace mriembed::kernels {
namespace {

class Fourier : public EveryTarget {};

// Where sample n of line k lies.
struct Lines {
  std::int64_t count;
  std::int64_t length;
  bool rows;

  [[nodiscard]] std::size_t at(std::int64_t line, std::int64_t n) const {
    return static_cast<std::size_t>(rows ? line * length + n : n * count + line);
  }
};

void expect_definition(const Lines& lines, float size, FourierTransform::Memory& memory) {
  constexpr float scale = 0.25F;
  const FourierTransform transform(lines.length);
  ASSERT_EQ(transform.length(), lines.length);
  const std::complex<float> untouched(-7, 7);
  auto plane = random_samples(lines.count * lines.length, size);
  plane.push_back(untouched);
  for (const Direction direction : {Direction::forward, Direction::inverse}) {
    const FourierDefinition definition(static_cast<std::size_t>(lines.length),
                                       direction == Direction::forward ? -1 : 1);
    auto transformed = plane;
    if (lines.rows) {
      transform.along_rows(transformed.data(), lines.count, direction, scale, memory);
    } else {
      transform.along_columns(transformed.data(), lines.count, direction, scale, memory);
    }
    // Five roundings of what a sample of the result is on average.
    const double average = std::sqrt(2 * static_cast<double>(lines.length)) * static_cast<double>(size * scale);
    const double allowed = 5 * static_cast<double>(std::numeric_limits<float>::epsilon()) * average;
    for (std::int64_t line = 0; line < lines.count; ++line) {
      std::vector<std::complex<double>> samples;
      samples.reserve(static_cast<std::size_t>(lines.length));
      for (std::int64_t n = 0; n < lines.length; ++n) {
        samples.emplace_back(plane[lines.at(line, n)]);
      }
      for (std::int64_t k = 0; k < lines.length; ++k) {
        const std::complex<double> computed = transformed[lines.at(line, k)];
        const auto exact = static_cast<double>(scale) * definition.at(samples, static_cast<std::size_t>(k));
        ASSERT_LE(std::abs(computed - exact), allowed)
            << lines.count << (lines.rows ? " rows" : " columns") << " of " << lines.length << ", at " << k;
      }
    }
    ASSERT_EQ(transformed.back(), untouched) << "nothing is written behind the plane";
  }
}

TEST_P(Fourier, agrees_with_float64_for_every_length_that_is_served) {
  FourierTransform::Memory memory;
  for (std::int64_t length = 1; length <= 130; ++length) {
    if (FourierTransform::serves(length)) {
      expect_definition({3, length, true}, 1, memory);
      expect_definition({3, length, false}, 1, memory);
    }
  }
  for (const std::int64_t length : {224, 243, 256, 343, 368, 372, 625, 640}) {
    expect_definition({2, length, true}, 1, memory);
    expect_definition({2, length, false}, 1, memory);
  }
}

TEST_P(Fourier, agrees_with_float64_for_any_number_of_rows_and_columns) {
  FourierTransform::Memory memory;
  for (std::int64_t count = 1; count <= 35; ++count) {
    expect_definition({count, 12, true}, 1, memory);
    expect_definition({count, 15, true}, 1, memory);
    expect_definition({count, 12, false}, 1, memory);
  }
}

TEST_P(Fourier, keeps_its_relative_precision_for_large_and_small_samples) {
  FourierTransform::Memory memory;
  for (const float size : {1e-15F, 1e15F}) {
    expect_definition({5, 60, true}, size, memory);
    expect_definition({5, 60, false}, size, memory);
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, Fourier, testing::ValuesIn(targets_here()), name_of_target);

TEST(FourierLengths, those_with_no_prime_factor_above_61_are_served) {
  for (std::int64_t length = -3; length <= 2000; ++length) {
    std::int64_t left = std::max<std::int64_t>(length, 0);
    for (std::int64_t factor = 2; factor <= 61; ++factor) {
      while (left > 0 && left % factor == 0) {
        left /= factor;
      }
    }
    EXPECT_EQ(FourierTransform::serves(length), left == 1) << length;
  }
}

}  // namespace
}  // namespace mriembed::kernels
