#include "kernels/bfloat16_rows.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "bfloat16_values.hpp"
#include "gelu_definition.hpp"
#include "kernels/bfloat16_processor.hpp"

namespace mriembed::kernels {
namespace {

constexpr std::int64_t channels = 64;

class Bfloat16Rows : public testing::Test {
 protected:
  void SetUp() override {
    if (bfloat16_unit() == Bfloat16Unit::none) {
      GTEST_SKIP() << "this processor has no unit for bfloat16";
    }
  }

  static Normalization scaling() {
    Normalization normalization{std::vector<float>(channels), std::vector<float>(channels),
                                std::vector<float>(channels)};
    for (std::size_t channel = 0; channel < channels; ++channel) {
      normalization.mean[channel] = 0.1F * static_cast<float>(channel) - 2;
      normalization.scale[channel] = 0.4F + 0.01F * static_cast<float>(channel);
      normalization.offset[channel] = 0.5F - 0.02F * static_cast<float>(channel);
    }
    return normalization;
  }

  static double expected(const Normalization& normalization, std::uint16_t sample, std::size_t channel) {
    return gelu((static_cast<double>(float_of(sample)) - static_cast<double>(normalization.mean[channel])) *
                    static_cast<double>(normalization.scale[channel]) +
                static_cast<double>(normalization.offset[channel]));
  }
};

TEST_F(Bfloat16Rows, rounding_is_to_nearest_with_ties_to_even_for_any_count) {
  for (std::int64_t count = 0; count <= 70; ++count) {
    std::vector<float> values;
    for (std::int64_t index = 0; index < count; ++index) {
      // Ties, and their neighbours, at every parity.
      const auto bits =
          0x3F800000U + (static_cast<std::uint32_t>(index) << 15U) + static_cast<std::uint32_t>(index % 3);
      values.push_back(std::bit_cast<float>(index % 2 == 0 ? bits : bits | 0x80000000U));
    }
    std::vector<Bfloat16> rounded(static_cast<std::size_t>(count + 1), 0x7777);
    round_to_bfloat16(values.data(), count, rounded.data());
    for (std::size_t index = 0; index < values.size(); ++index) {
      ASSERT_EQ(rounded[index], nearest_bfloat16(values[index])) << index << " of " << count;
    }
    ASSERT_EQ(rounded[values.size()], 0x7777);
  }
}

TEST_F(Bfloat16Rows, normalized_rows_are_within_bfloat16_s_rounding_for_every_width) {
  const Normalization normalization = scaling();
  for (std::int64_t pixels = 1; pixels <= 20; ++pixels) {
    const auto row = random_bfloat16(pixels * channels, 0.3, 2);
    std::vector<Bfloat16> output(row.size() + static_cast<std::size_t>(bfloat16_block));
    normalize_row(row.data(), pixels, folded(normalization), output.data(), channels);
    for (std::size_t index = 0; index < row.size(); ++index) {
      const double y = expected(normalization, row[index], index % channels);
      ASSERT_NEAR(float_of(output[index]), y, 2.5e-4 + std::abs(y) / 256);
    }
  }
}

TEST_F(Bfloat16Rows, a_narrower_output_pixel_keeps_the_channels_that_it_has_room_for) {
  constexpr std::int64_t kept = 42;
  constexpr std::int64_t pixels = 9;
  const Normalization normalization = scaling();
  const auto row = random_bfloat16(pixels * channels, 0, 1);
  std::vector<Bfloat16> output(static_cast<std::size_t>(pixels * kept + bfloat16_block));
  normalize_row(row.data(), pixels, folded(normalization), output.data(), kept);
  for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
    for (std::int64_t channel = 0; channel < kept; ++channel) {
      const double y = expected(normalization, row[static_cast<std::size_t>(pixel * channels + channel)],
                                static_cast<std::size_t>(channel));
      ASSERT_NEAR(float_of(output[static_cast<std::size_t>(pixel * kept + channel)]), y, 2.5e-4 + std::abs(y) / 256);
    }
  }
}

TEST_F(Bfloat16Rows, pooled_rows_are_means_of_the_pixels_that_there_are_rounded_once) {
  const Normalization normalization = scaling();
  for (const std::int64_t rows : {1, 2}) {
    for (const std::int64_t pixels : {1, 2, 5, 8}) {
      const auto image = random_bfloat16(rows * pixels * channels, 0.3, 2);
      std::vector<Bfloat16> output(static_cast<std::size_t>((pixels + 1) / 2 * channels + bfloat16_block));
      pool_rows(image.data(), rows, pixels, folded(normalization), output.data(), channels);
      for (std::size_t index = 0; index < output.size() - static_cast<std::size_t>(bfloat16_block); ++index) {
        const std::int64_t first = static_cast<std::int64_t>(index) / channels * 2;
        double sum = 0;
        double count = 0;
        for (std::int64_t row = 0; row < rows; ++row) {
          for (std::int64_t pixel = first; pixel < std::min(first + 2, pixels); ++pixel) {
            const auto place = static_cast<std::size_t>((row * pixels + pixel) * channels) + index % channels;
            sum += expected(normalization, image[place], index % channels);
            count += 1;
          }
        }
        ASSERT_NEAR(float_of(output[index]), sum / count, 2.5e-4 + std::abs(sum / count) / 256);
      }
    }
  }
}

TEST_F(Bfloat16Rows, gelu_is_right_from_minus_40_to_40) {
  const Normalization identity{std::vector<float>(bfloat16_block, 0.0F), std::vector<float>(bfloat16_block, 1.0F),
                               std::vector<float>(bfloat16_block, 0.0F)};
  std::vector<Bfloat16> row(static_cast<std::size_t>(bfloat16_block));
  std::vector<Bfloat16> output(static_cast<std::size_t>(2 * bfloat16_block));
  for (int step = -4000; step <= 4000; ++step) {
    row.assign(row.size(), nearest_bfloat16(static_cast<float>(step) * 1e-2F));
    const double y = gelu(static_cast<double>(float_of(row[0])));
    normalize_row(row.data(), 1, identity, output.data(), bfloat16_block);
    ASSERT_NEAR(float_of(output[0]), y, std::max(2.5e-4, 2e-7 * std::abs(step)) + std::abs(y) / 256) << step;
  }
}

TEST_F(Bfloat16Rows, moments_and_sums_are_those_of_float64_for_every_width) {
  for (const double mean : {0.0, 3.0, 1e4}) {
    for (std::int64_t pixels = 1; pixels <= 20; ++pixels) {
      const auto first = random_bfloat16(pixels * channels, mean, 1 + mean / 100);
      Moments moments(channels);
      add_row(first.data(), pixels, moments);
      add_row(first.data(), pixels, moments);
      const Normalization normalization = scaling();
      std::vector<double> sums(channels, 1.0);
      sum_normalized_row(first.data(), pixels, folded(normalization), sums);
      for (std::size_t channel = 0; channel < channels; ++channel) {
        double total = 0;
        double sum = 1;
        const auto count = static_cast<double>(pixels);
        for (std::size_t index = channel; index < first.size(); index += channels) {
          total += static_cast<double>(float_of(first[index]));
          sum += expected(normalization, first[index], channel);
        }
        double squares = 0;
        for (std::size_t index = channel; index < first.size(); index += channels) {
          squares += 2 * std::pow(static_cast<double>(float_of(first[index])) - total / count, 2);
        }
        EXPECT_NEAR(moments.mean[channel], total / count, 1e-6 * (mean + 1));
        EXPECT_NEAR(moments.squares[channel], squares, 1e-5 * squares + 1e-12);
        EXPECT_NEAR(sums[channel], sum, count * (2.5e-4 + 2e-5 * mean));
      }
    }
  }
}

}  // namespace
}  // namespace mriembed::kernels
