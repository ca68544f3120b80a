#include "kernels/bfloat16_convolution.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "bfloat16_values.hpp"

namespace mriembed::kernels {
namespace {

struct Shape {
  std::int64_t in_channels;
  std::int64_t out_channels;
  std::int64_t stride;
  std::int64_t height;  // of the strip, 1 or 2
  std::int64_t width;
};

class Bfloat16Strip : public testing::TestWithParam<Bfloat16Unit> {
 protected:
  void SetUp() override {
    if (bfloat16_unit() < GetParam()) {
      GTEST_SKIP() << "this processor has no such unit for bfloat16";
    }
  }

  // Compares a strip, and the sums over it, with the definition in float64.
  static void expect_definition(const Shape& shape, double size) {
    const auto weight_bits = random_bfloat16(shape.out_channels * shape.in_channels * 9, 0, size);
    std::vector<float> weight;
    weight.reserve(weight_bits.size());
    for (const std::uint16_t bits : weight_bits) {
      weight.push_back(float_of(bits));
    }
    const Bfloat16Convolution convolution(shape.in_channels, shape.out_channels, shape.stride, weight);
    const std::int64_t row_samples = convolution.input_row(shape.width);
    const std::int64_t input_rows = shape.stride + 3;
    const auto input = random_bfloat16(input_rows * row_samples, 0, size);
    std::vector<const Bfloat16*> rows;
    rows.reserve(static_cast<std::size_t>(input_rows));
    for (std::int64_t row = 0; row < input_rows; ++row) {
      rows.push_back(input.data() + row * row_samples);
    }
    const std::int64_t out_padded = convolution.output_pixel();
    const std::int64_t output_row = shape.width * out_padded;
    std::vector<Bfloat16> output(static_cast<std::size_t>(3 * output_row), 0x1234);
    ShiftedSums sums{Moments(out_padded)};
    const double shift = 0.25 * size * size;
    sums.shift.assign(sums.shift.size(), static_cast<float>(shift));
    convolve_strip(convolution, GetParam(), rows.data(), shape.height, shape.width, output.data(), sums);

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
              const std::int64_t from = (y * shape.stride + tap / 3) * row_samples +
                                        (x * shape.stride + tap % 3) * convolution.input_pixel() + in;
              const auto w = static_cast<std::size_t>((out * shape.in_channels + in) * 9 + tap);
              const double product =
                  static_cast<double>(float_of(input[static_cast<std::size_t>(from)])) * static_cast<double>(weight[w]);
              sum += product;
              absolute += std::abs(product);
            }
          }
          const auto place = static_cast<std::size_t>(y * output_row + x * out_padded + out);
          ASSERT_NEAR(float_of(output[place]), sum, std::abs(sum) / 256 + 1e-6 * absolute)
              << "row " << y << ", pixel " << x << ", channel " << out;
          total += sum - shift;
          squares += (sum - shift) * (sum - shift);
          largest = std::max(largest, absolute + shift);
        }
      }
      // The sums are of the unrounded values, so they are as exact as float32.
      const auto pixels = static_cast<double>(shape.height * shape.width);
      const auto channel = static_cast<std::size_t>(out);
      EXPECT_NEAR(sums.sum[channel], total, 2e-6 * largest * pixels);
      EXPECT_NEAR(sums.squares[channel], squares, 4e-6 * largest * largest * pixels);
    }
    for (std::int64_t untouched = shape.height * output_row; untouched < 3 * output_row; ++untouched) {
      ASSERT_EQ(output[static_cast<std::size_t>(untouched)], 0x1234);
    }
  }
};

TEST_P(Bfloat16Strip, agrees_with_its_definition_for_every_width) {
  for (std::int64_t width = 1; width <= 35; ++width) {
    expect_definition({16, 32, 1, width % 2 + 1, width}, 1);
    expect_definition({6, 20, 2, 2 - width % 2, width}, 1);
  }
}

TEST_P(Bfloat16Strip, agrees_with_its_definition_for_any_number_of_channels) {
  for (const std::int64_t channels : {1, 2, 3, 5, 7, 8, 10, 11, 12, 16, 22, 31, 32, 33, 40, 64, 80}) {
    expect_definition({channels, 33, 1, 2, 5}, 1);
    expect_definition({channels, channels, 2, 2, 18}, 1);
  }
}

TEST_P(Bfloat16Strip, keeps_its_relative_precision_for_huge_and_tiny_values) {
  expect_definition({16, 32, 1, 2, 13}, 1e8);
  expect_definition({16, 32, 1, 2, 13}, 1e-8);
}

INSTANTIATE_TEST_SUITE_P(Kernels, Bfloat16Strip, testing::Values(Bfloat16Unit::avx512, Bfloat16Unit::amx),
                         [](const testing::TestParamInfo<Bfloat16Unit>& unit) {
                           return unit.param == Bfloat16Unit::amx ? "amx" : "avx512";
                         });

}  // namespace
}  // namespace mriembed::kernels
