#include "kernels/channels_last.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <vector>

#include "every_target.hpp"

namespace mriembed::kernels {
namespace {

class InterleaveRow : public EveryTarget {};

TEST_P(InterleaveRow, copies_every_sample_and_leaves_other_channels) {
  for (const std::int64_t channels : {1, 2, 3, 4, 7, 8, 16, 18, 33}) {
    for (std::int64_t pixels = 1; pixels <= 37; ++pixels) {
      const std::int64_t plane = 3 * pixels + 1;
      const std::int64_t pixel_floats = padded_channels(channels);
      std::vector<float> planes(static_cast<std::size_t>(channels * plane));
      for (std::size_t index = 0; index < planes.size(); ++index) {
        planes[index] = static_cast<float>(index + 1);
      }
      std::vector<float> output(static_cast<std::size_t>(pixels * pixel_floats), -1.0F);
      const std::uint32_t peak = interleave_row(planes.data(), plane, channels, pixels, output.data(), pixel_floats);
      EXPECT_EQ(std::bit_cast<float>(peak), static_cast<float>((channels - 1) * plane + pixels));
      for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
        for (std::int64_t channel = 0; channel < pixel_floats; ++channel) {
          const float expected = channel < channels ? static_cast<float>(channel * plane + pixel + 1) : -1.0F;
          ASSERT_EQ(output[static_cast<std::size_t>(pixel * pixel_floats + channel)], expected)
              << channels << " channels, pixel " << pixel << " of " << pixels << ", channel " << channel;
        }
      }
    }
  }
}

TEST_P(InterleaveRow, reports_the_largest_magnitude_wherever_it_is) {
  constexpr std::int64_t channels = 6;
  constexpr std::int64_t pixels = 35;
  std::vector<float> output(padded_channels(channels) * pixels);
  for (std::size_t place = 0; place < channels * pixels; ++place) {
    for (const float value : {-1e30F, 1e-30F, std::numeric_limits<float>::infinity()}) {
      std::vector<float> planes(channels * pixels, 0.0F);
      planes[place] = value;
      const std::uint32_t peak =
          interleave_row(planes.data(), pixels, channels, pixels, output.data(), padded_channels(channels));
      ASSERT_EQ(std::bit_cast<float>(peak), std::abs(value));
    }
    std::vector<float> planes(channels * pixels, -std::numeric_limits<float>::infinity());
    planes[place] = std::numeric_limits<float>::quiet_NaN();
    const std::uint32_t peak =
        interleave_row(planes.data(), pixels, channels, pixels, output.data(), padded_channels(channels));
    ASSERT_GT(peak, 0x7F800000U);
  }
  const std::vector<float> zeros(channels * pixels, -0.0F);
  EXPECT_EQ(interleave_row(zeros.data(), pixels, channels, pixels, output.data(), padded_channels(channels)), 0U);
}

INSTANTIATE_TEST_SUITE_P(Kernels, InterleaveRow, testing::ValuesIn(targets_here()), name_of_target);

}  // namespace
}  // namespace mriembed::kernels
