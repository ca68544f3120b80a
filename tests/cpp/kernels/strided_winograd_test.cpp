#include "kernels/strided_winograd.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "every_target.hpp"

namespace mriembed::kernels {
namespace {

class ConvolveStridedStrip : public EveryTarget {};

struct Shape {
  std::int64_t in_channels;
  std::int64_t out_channels;
  std::int64_t height;
  std::int64_t width;
};

// Compares a strip, and the sums over it, with the definition in float64.
void expect_definition(const Shape& shape, float size) {
  std::mt19937 generator(7);
  std::normal_distribution<float> normal(0, size);
  const auto random = [&](std::int64_t count) {
    std::vector<float> values(static_cast<std::size_t>(count));
    for (float& value : values) {
      value = normal(generator);
    }
    return values;
  };
  const auto weight = random(shape.out_channels * shape.in_channels * 9);
  const StridedWinogradConvolution convolution(shape.in_channels, shape.out_channels, weight);
  const std::int64_t in_padded = convolution.input_pixel();
  const std::int64_t out_padded = padded_channels(shape.out_channels);
  const std::int64_t row_floats = (4 * ((shape.width + 1) / 2) + 1) * in_padded;
  const std::int64_t input_rows = 4 * ((shape.height + 1) / 2) + 1;
  const auto input = random(input_rows * row_floats);
  std::vector<const float*> rows;
  rows.reserve(static_cast<std::size_t>(input_rows));
  for (std::int64_t row = 0; row < input_rows; ++row) {
    rows.push_back(input.data() + row * row_floats);
  }
  const std::int64_t output_row = shape.width * out_padded;
  std::vector<float> output(static_cast<std::size_t>((shape.height + 1) * output_row), -1.0F);
  std::vector<float> scratch(static_cast<std::size_t>(convolution.scratch_floats(shape.height, shape.width)));
  ShiftedSums sums{Moments(out_padded)};
  const double shift = 0.25 * static_cast<double>(size) * static_cast<double>(size);
  sums.shift.assign(sums.shift.size(), static_cast<float>(shift));
  convolve_strip(convolution, rows.data(), shape.height, shape.width, output.data(), scratch.data(), sums);

  for (std::int64_t out = 0; out < out_padded; ++out) {
    double total = 0;
    double squares = 0;
    double largest = 0;
    for (std::int64_t y = 0; y < shape.height; ++y) {
      for (std::int64_t x = 0; x < shape.width; ++x) {
        double sum = 0;
        double absolute = 0;
        for (std::int64_t tap = 0; tap < 9 && out < shape.out_channels; ++tap) {
          for (std::int64_t in = 0; in < shape.in_channels; ++in) {
            const auto from =
                static_cast<std::size_t>((2 * y + tap / 3) * row_floats + (2 * x + tap % 3) * in_padded + in);
            const auto w = static_cast<std::size_t>((out * shape.in_channels + in) * 9 + tap);
            const double product = static_cast<double>(input[from]) * static_cast<double>(weight[w]);
            sum += product;
            absolute += std::abs(product);
          }
        }
        // A tile's inputs beyond an output's own nine enter with rounding errors of their size.
        const double scale = std::max(absolute, 9 * static_cast<double>(shape.in_channels) * static_cast<double>(size) *
                                                    static_cast<double>(size));
        ASSERT_NEAR(output[static_cast<std::size_t>(y * output_row + x * out_padded + out)], sum, 1e-6 * scale)
            << "row " << y << ", pixel " << x << ", channel " << out;
        total += sum - shift;
        squares += (sum - shift) * (sum - shift);
        largest = std::max(largest, scale);
      }
    }
    const auto pixels = static_cast<double>(shape.height * shape.width);
    const auto channel = static_cast<std::size_t>(out);
    EXPECT_NEAR(sums.sum[channel], total, 2e-6 * largest * pixels);
    EXPECT_NEAR(sums.squares[channel], squares, 4e-6 * largest * largest * pixels);
  }
  for (std::int64_t untouched = shape.height * output_row; untouched < (shape.height + 1) * output_row; ++untouched) {
    ASSERT_EQ(output[static_cast<std::size_t>(untouched)], -1.0F);
  }
}

TEST_P(ConvolveStridedStrip, agrees_with_its_definition_for_every_width_and_height) {
  for (std::int64_t width = 1; width <= 29; ++width) {
    expect_definition({3, 5, width % 5 + 1, width}, 1);
    expect_definition({16, 32, 2, width}, 1);
  }
}

TEST_P(ConvolveStridedStrip, agrees_with_its_definition_for_any_number_of_channels) {
  expect_definition({1, 1, 2, 10}, 1);
  expect_definition({33, 48, 4, 13}, 1);
  expect_definition({64, 128, 3, 9}, 1);
}

TEST_P(ConvolveStridedStrip, keeps_its_relative_precision_for_huge_and_tiny_values) {
  expect_definition({16, 32, 4, 13}, 1e8F);
  expect_definition({16, 32, 4, 13}, 1e-8F);
}

INSTANTIATE_TEST_SUITE_P(Kernels, ConvolveStridedStrip, testing::ValuesIn(targets_here()), name_of_target);

}  // namespace
}  // namespace mriembed::kernels
