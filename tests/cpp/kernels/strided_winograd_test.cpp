#include "kernels/strided_winograd.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "every_target.hpp"
#include "strip_definition.hpp"

namespace mriembed::kernels {
namespace {

class ConvolveStridedStrip : public EveryTarget {};

void expect_definition(const StripShape& shape, float size) {
  StripDefinition strip(shape, 2, 4 * ((shape.height + 1) / 2) + 1, 4 * ((shape.width + 1) / 2) + 1, size);
  const StridedWinogradConvolution convolution(shape.in_channels, shape.out_channels, strip.weight());
  std::vector<float> scratch(static_cast<std::size_t>(convolution.scratch_floats(shape.height, shape.width)));
  convolve_strip(convolution, strip.rows(), shape.height, shape.width, strip.output(), scratch.data(), strip.sums());
  strip.expect(1e-6);
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
