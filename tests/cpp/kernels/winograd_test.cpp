#include "kernels/winograd.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "every_target.hpp"
#include "strip_definition.hpp"

namespace mriembed::kernels {
namespace {

class ConvolveStrip : public EveryTarget {};

void expect_definition(const StripShape& shape, float size) {
  const std::int64_t tiles = (shape.width + 3) / 4;
  StripDefinition strip(shape, 1, 6, 4 * tiles + 2, size);
  const WinogradConvolution convolution(shape.in_channels, shape.out_channels, strip.weight());
  std::vector<float> scratch(static_cast<std::size_t>(convolution.scratch_floats(tiles)));
  convolve_strip(convolution, strip.rows(), shape.height, shape.width, strip.output(), strip.output_row(),
                 scratch.data(), strip.sums());
  strip.expect(2e-6);
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
