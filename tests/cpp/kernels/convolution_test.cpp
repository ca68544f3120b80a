#include "kernels/convolution.hpp"

#include <gtest/gtest.h>

#include <random>

#include "every_target.hpp"

namespace mriembed::kernels {
namespace {

struct Shape {
  std::int64_t in_channels;
  std::int64_t out_channels;
  std::int64_t stride;
  std::int64_t pixels;
};

class ConvolveRow : public EveryTarget {};

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
  const std::int64_t width = (shape.pixels - 1) * shape.stride + 3;
  const auto weight = random(shape.out_channels * shape.in_channels * 9);
  const std::vector<std::vector<float>> rows{random(width * in_padded), random(width * in_padded),
                                             random(width * in_padded)};
  std::vector<float> output(static_cast<std::size_t>(shape.pixels * out_padded), -1.0F);
  const PackedConvolution convolution(shape.in_channels, shape.out_channels, weight);
  for (std::int64_t block = 0; block < convolution.blocks(); block += 2) {
    convolve_row(convolution, block, {{rows[0].data(), rows[1].data(), rows[2].data()}, in_padded}, shape.stride,
                 shape.pixels, output.data(), out_padded);
  }

  for (std::int64_t pixel = 0; pixel < shape.pixels; ++pixel) {
    for (std::int64_t out = 0; out < out_padded; ++out) {
      double sum = 0;
      double absolute = 0;
      for (std::int64_t tap = 0; tap < 9 && out < shape.out_channels; ++tap) {
        for (std::int64_t in = 0; in < shape.in_channels; ++in) {
          const auto x = static_cast<std::size_t>((pixel * shape.stride + tap % 3) * in_padded + in);
          const auto w = static_cast<std::size_t>((out * shape.in_channels + in) * 9 + tap);
          const double product =
              static_cast<double>(rows[static_cast<std::size_t>(tap / 3)][x]) * static_cast<double>(weight[w]);
          sum += product;
          absolute += std::abs(product);
        }
      }
      ASSERT_NEAR(output[static_cast<std::size_t>(pixel * out_padded + out)], sum, 1e-6 * absolute)
          << "pixel " << pixel << ", channel " << out;
    }
  }
}

TEST_P(ConvolveRow, agrees_with_its_definition_for_every_width_and_channel_count) {
  for (std::int64_t pixels = 1; pixels <= 29; ++pixels) {
    expect_definition({3, 5, 1, pixels}, 1);
    expect_definition({16, 32, 2, pixels}, 1);
    expect_definition({33, 48, 2, pixels}, 1);
  }
}

TEST_P(ConvolveRow, keeps_its_relative_precision_for_huge_and_tiny_values) {
  expect_definition({16, 32, 1, 13}, 1e15F);
  expect_definition({16, 32, 1, 13}, 1e-15F);
}

INSTANTIATE_TEST_SUITE_P(Kernels, ConvolveRow, testing::ValuesIn(targets_here()), name_of_target);

}  // namespace
}  // namespace mriembed::kernels
