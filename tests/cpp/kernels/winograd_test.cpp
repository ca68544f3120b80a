#include "kernels/winograd.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "every_target.hpp"

namespace mriembed::kernels {
namespace {

class ConvolveStrip : public EveryTarget {};

struct Shape {
  std::int64_t in_channels;
  std::int64_t out_channels;
  std::int64_t height;  // of the strip, 1 to 4
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
  const std::int64_t in_padded = padded_channels(shape.in_channels);
  const std::int64_t out_padded = padded_channels(shape.out_channels);
  const std::int64_t tiles = (shape.width + 3) / 4;
  const std::int64_t row_floats = (4 * tiles + 2) * in_padded;
  const auto weight = random(shape.out_channels * shape.in_channels * 9);
  const auto input = random(6 * row_floats);
  std::vector<const float*> rows;
  rows.reserve(6);
  for (std::int64_t row = 0; row < 6; ++row) {
    rows.push_back(input.data() + row * row_floats);
  }
  const WinogradConvolution convolution(shape.in_channels, shape.out_channels, weight);
  const std::int64_t output_row = shape.width * out_padded;
  std::vector<float> output(static_cast<std::size_t>(5 * output_row), -1.0F);
  std::vector<float> scratch(static_cast<std::size_t>(convolution.scratch_floats(tiles)));
  ShiftedSums sums{Moments(out_padded)};
  sums.shift.assign(sums.shift.size(), 0.25F * size * size);
  convolve_strip(convolution, rows.data(), shape.height, shape.width, output.data(), output_row, scratch.data(), sums);

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
            const auto from = static_cast<std::size_t>((y + tap / 3) * row_floats + (x + tap % 3) * in_padded + in);
            const auto w = static_cast<std::size_t>((out * shape.in_channels + in) * 9 + tap);
            const double product = static_cast<double>(input[from]) * static_cast<double>(weight[w]);
            sum += product;
            absolute += std::abs(product);
          }
        }
        // Rounding of a tile's 36 inputs reaches each of its outputs, so a small output bears that of its neighbours.
        const double scale = std::max(absolute, 9 * static_cast<double>(shape.in_channels) * static_cast<double>(size) *
                                                    static_cast<double>(size));
        ASSERT_NEAR(output[static_cast<std::size_t>(y * output_row + x * out_padded + out)], sum, 2e-6 * scale)
            << "row " << y << ", pixel " << x << ", channel " << out;
        const double distance = sum - 0.25 * static_cast<double>(size) * static_cast<double>(size);
        total += distance;
        squares += distance * distance;
        largest = std::max(largest, scale);
      }
    }
    const auto pixels = static_cast<double>(shape.height * shape.width);
    const auto channel = static_cast<std::size_t>(out);
    EXPECT_NEAR(sums.sum[channel], total, 4e-6 * largest * pixels);
    EXPECT_NEAR(sums.squares[channel], squares, 8e-6 * largest * largest * pixels);
  }
  for (std::int64_t untouched = shape.height * output_row; untouched < 5 * output_row; ++untouched) {
    ASSERT_EQ(output[static_cast<std::size_t>(untouched)], -1.0F);
  }
}

TEST_P(ConvolveStrip, agrees_with_its_definition_for_every_width_and_height) {
  for (std::int64_t width = 1; width <= 29; ++width) {
    expect_definition({3, 5, width % 4 + 1, width}, 1);
    expect_definition({16, 32, 4, width}, 1);
  }
}

TEST_P(ConvolveStrip, agrees_with_its_definition_for_any_number_of_channels) {
  expect_definition({1, 1, 2, 10}, 1);
  expect_definition({33, 48, 4, 13}, 1);
  expect_definition({40, 80, 3, 90}, 1);
  expect_definition({64, 33, 1, 250}, 1);
}

TEST_P(ConvolveStrip, keeps_its_relative_precision_for_huge_and_tiny_values) {
  expect_definition({16, 32, 4, 13}, 1e8F);
  expect_definition({16, 32, 4, 13}, 1e-8F);
}

INSTANTIATE_TEST_SUITE_P(Kernels, ConvolveStrip, testing::ValuesIn(targets_here()), name_of_target);

}  // namespace
}  // namespace mriembed::kernels
