#include "kernels/normalization.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

#include "every_target.hpp"

namespace mriembed::kernels {
namespace {

class NormalizeRow : public EveryTarget {};

constexpr std::int64_t channels = 32;
constexpr std::int64_t groups = 8;

double gelu(double x) { return x * 0.5 * std::erfc(-x / std::numbers::sqrt2); }

std::vector<float> random_image(std::int64_t pixels, double mean, double deviation) {
  std::mt19937 generator(3);
  std::normal_distribution<double> normal(mean, deviation);
  std::vector<float> image(static_cast<std::size_t>(pixels * channels));
  for (float& value : image) {
    value = static_cast<float>(normal(generator));
  }
  return image;
}

// Largest difference to GroupNorm and GELU in float64, for an image of `rows` rows.
double largest_error(const std::vector<float>& image, std::int64_t rows, double epsilon, double relative_shift = 0) {
  const std::int64_t pixels = static_cast<std::int64_t>(image.size()) / channels;
  const std::int64_t width = pixels / rows;
  std::vector<float> weight(channels);
  std::vector<float> bias(channels);
  std::vector<float> shift(channels);
  for (std::size_t channel = 0; channel < channels; ++channel) {
    weight[channel] = 0.5F + 0.05F * static_cast<float>(channel);
    bias[channel] = 0.3F - 0.02F * static_cast<float>(channel);
    shift[channel] = static_cast<float>(relative_shift * (static_cast<double>(channel) - 7));
  }
  Moments upper(channels);
  Moments lower(channels);
  for (std::int64_t row = 0; row < rows; ++row) {
    add_row(image.data() + row * width * channels, width, row < rows / 2 ? upper : lower);
  }
  merge(lower, upper);
  const Normalization normalization = group_normalization(upper, shift, groups, epsilon, weight, bias);
  std::vector<float> output(image.size());
  std::vector<double> sums(channels);
  for (std::int64_t row = 0; row < rows; ++row) {
    normalize_row(image.data() + row * width * channels, width, normalization, output.data() + row * width * channels);
    sum_normalized_row(image.data() + row * width * channels, width, normalization, sums);
  }

  double worst = 0;
  constexpr std::int64_t members = channels / groups;
  for (std::int64_t group = 0; group < groups; ++group) {
    double mean = 0;
    double variance = 0;
    const auto each = [&](const auto& use) {
      for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
        for (std::int64_t channel = group * members; channel < (group + 1) * members; ++channel) {
          use(static_cast<std::size_t>(pixel * channels + channel), static_cast<std::size_t>(channel));
        }
      }
    };
    const auto count = static_cast<double>(pixels * members);
    const auto shifted = [&](std::size_t index, std::size_t channel) {
      return static_cast<double>(image[index]) + static_cast<double>(shift[channel]);
    };
    each([&](std::size_t index, std::size_t channel) { mean += shifted(index, channel) / count; });
    each([&](std::size_t index, std::size_t channel) {
      variance += std::pow(shifted(index, channel) - mean, 2) / count;
    });
    each([&](std::size_t index, std::size_t channel) {
      const double standard = (shifted(index, channel) - mean) / std::sqrt(variance + epsilon);
      const double expected =
          gelu(standard * static_cast<double>(weight[channel]) + static_cast<double>(bias[channel]));
      worst = std::max(worst, std::abs(static_cast<double>(output[index]) - expected));
      sums[channel] -= expected;
    });
  }
  for (const double rest : sums) {
    worst = std::max(worst, std::abs(rest) / static_cast<double>(pixels));
  }
  return worst;
}

TEST_P(NormalizeRow, agrees_with_group_norm_and_gelu_in_float64) {
  for (const std::int64_t width : {1, 2, 3, 5, 8, 31}) {
    EXPECT_LT(largest_error(random_image(4 * width, 0.3, 2), 4, 1e-5), 2e-6) << "width " << width;
  }
}

TEST_P(NormalizeRow, takes_the_bias_of_the_convolution_into_account) {
  EXPECT_LT(largest_error(random_image(120, 0.3, 2), 4, 1e-5, 0.37), 2e-6);
  EXPECT_LT(largest_error(random_image(900, 1e4, 1), 30, 1e-5, 0.1), 1e-3);
}

TEST_P(NormalizeRow, keeps_three_digits_where_the_mean_is_10000_standard_deviations) {
  EXPECT_LT(largest_error(random_image(900, 1e4, 1), 30, 1e-5), 1e-3);
  EXPECT_LT(largest_error(random_image(900, -1e4, 1), 30, 1e-5), 1e-3);
}

TEST_P(NormalizeRow, keeps_its_precision_for_huge_and_tiny_values) {
  EXPECT_LT(largest_error(random_image(300, 1e15, 1e15), 10, 1e-5), 2e-6);
  EXPECT_LT(largest_error(random_image(300, 1e-12, 1e-12), 10, 1e-5), 2e-6);
}

TEST_P(NormalizeRow, turns_a_constant_image_into_the_offset) {
  EXPECT_LT(largest_error(std::vector<float>(channels * 60, 123.456F), 4, 1e-5), 2e-6);
  EXPECT_LT(largest_error(std::vector<float>(channels * 60, 0.0F), 4, 1e-5), 2e-6);
}

TEST_P(NormalizeRow, gelu_is_right_from_minus_40_to_40) {
  Normalization identity{std::vector<float>(channels, 0.0F), std::vector<float>(channels, 1.0F),
                         std::vector<float>(channels, 0.0F)};
  std::vector<float> row(channels);
  std::vector<float> output(channels);
  for (int step = -40000; step <= 40000; ++step) {
    const float x = static_cast<float>(step) * 1e-3F;
    row.assign(channels, x);
    normalize_row(row.data(), 1, identity, output.data());
    ASSERT_NEAR(output[0], gelu(static_cast<double>(x)), 6e-7 * std::max(1.0, std::abs(static_cast<double>(x)))) << x;
  }
}

TEST_P(NormalizeRow, pooled_rows_are_means_of_the_pixels_that_there_are) {
  Normalization normalization{std::vector<float>(channels, 0.25F), std::vector<float>(channels, 1.5F),
                              std::vector<float>(channels, 0.125F)};
  for (const std::int64_t rows : {1, 2}) {
    for (const std::int64_t pixels : {1, 2, 5, 8}) {
      const std::vector<float> image = random_image(rows * pixels, 0, 1);
      std::vector<float> output(static_cast<std::size_t>((pixels + 1) / 2 * channels));
      pool_rows(image.data(), rows, pixels, normalization, output.data());
      for (std::size_t index = 0; index < output.size(); ++index) {
        const std::int64_t first = static_cast<std::int64_t>(index) / channels * 2;
        double sum = 0;
        double count = 0;
        for (std::int64_t row = 0; row < rows; ++row) {
          for (std::int64_t pixel = first; pixel < std::min(first + 2, pixels); ++pixel) {
            const auto place = static_cast<std::size_t>((row * pixels + pixel) * channels) + index % channels;
            sum += gelu((static_cast<double>(image[place]) - 0.25) * 1.5 + 0.125);
            count += 1;
          }
        }
        EXPECT_NEAR(output[index], sum / count, 2e-6) << rows << " rows of " << pixels;
      }
    }
  }
}

TEST_P(NormalizeRow, sums_about_a_known_mean_equal_those_of_rows) {
  const std::vector<float> image = random_image(200, 1e4, 1);
  Moments expected(channels);
  Moments moments(channels);
  add_row(image.data(), 200, expected);
  add_row(image.data(), 50, moments);
  ShiftedSums sums(moments);
  for (std::size_t index = 50 * channels; index < image.size(); ++index) {
    const std::size_t channel = index % channels;
    const float distance = image[index] - sums.shift[channel];
    sums.sum[channel] += distance;
    sums.squares[channel] += distance * distance;
  }
  add_sums(sums, 150, moments);
  for (std::size_t channel = 0; channel < channels; ++channel) {
    EXPECT_NEAR(moments.mean[channel], expected.mean[channel], 1e-4);
    EXPECT_NEAR(moments.squares[channel], expected.squares[channel], 1e-3 * expected.squares[channel]);
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, NormalizeRow, testing::ValuesIn(targets_here()), name_of_target);

}  // namespace
}  // namespace mriembed::kernels
