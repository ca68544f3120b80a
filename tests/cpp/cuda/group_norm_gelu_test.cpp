#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "../kernels/bfloat16_values.hpp"
#include "../kernels/gelu_definition.hpp"
#include "block_on_cpu.hpp"  // what the device code below is written in
#include "torch_backend/cuda/group_norm_gelu-inl.hpp"

namespace mriembed::cuda {
namespace {

// An element of two bytes, as the GPU's own bfloat16.
struct Bfloat16 {
  Bfloat16() = default;
  explicit Bfloat16(float value) : bits(kernels::nearest_bfloat16(value)) {}
  explicit operator float() const { return kernels::float_of(bits); }
  std::uint16_t bits = 0;
};

template <typename T>
std::vector<T> random_images(const Batch& batch, double mean, double deviation) {
  std::mt19937 generator(3);
  std::normal_distribution<double> normal(mean, deviation);
  std::vector<T> images(static_cast<std::size_t>(batch.images * batch.pixels * batch.channels));
  for (T& value : images) {
    value = T(static_cast<float>(normal(generator)));
  }
  return images;
}

struct ChannelParameters {
  explicit ChannelParameters(int channels, float shift_step) {
    for (int channel = 0; channel < channels; ++channel) {
      const auto number = static_cast<float>(channel);
      shift.push_back(shift_step * (number - 7));
      weight.push_back(0.5F + 0.05F * static_cast<float>(channel % 32));
      bias.push_back(0.3F - 0.02F * static_cast<float>(channel % 32));
    }
  }
  std::vector<float> shift;
  std::vector<float> weight;
  std::vector<float> bias;
};

constexpr double epsilon = 1e-5;

template <typename T, int Width>
void run(std::vector<T>& images, const Batch& batch, const ChannelParameters& parameters, int parts) {
  const ImageShape shape{batch.pixels, batch.channels, batch.groups};
  const Index grid{static_cast<unsigned>(batch.images), static_cast<unsigned>(parts)};
  std::vector<Moments> moments(static_cast<std::size_t>(batch.images * parts * batch.groups));
  run_grid(grid, block_threads,
           [&] { moments_of_parts<T, Width>(images.data(), parameters.shift.data(), shape, moments.data()); });
  run_grid(grid, block_threads, [&] {
    normalize_and_activate<T, Width>(images.data(), parameters.shift.data(), parameters.weight.data(),
                                     parameters.bias.data(), epsilon, shape, moments.data(), parts);
  });
}

template <typename T>
void run_at_width(std::vector<T>& images, const Batch& batch, const ChannelParameters& parameters, int parts) {
  switch (channels_at_once(sizeof(T), batch.channels, batch.groups)) {
    case 8:
      if constexpr (sizeof(T) == 2) {
        run<T, 8>(images, batch, parameters, parts);
      }
      break;
    case 4:
      return run<T, 4>(images, batch, parameters, parts);
    case 2:
      return run<T, 2>(images, batch, parameters, parts);
    default:
      return run<T, 1>(images, batch, parameters, parts);
  }
}

// Largest difference to GroupNorm and GELU in float64, relative to what is larger than 1.
template <typename T>
double largest_error(const Batch& batch, const std::vector<T>& images, int parts, float shift_step = 0) {
  const ChannelParameters parameters(batch.channels, shift_step);
  std::vector<T> output = images;
  run_at_width(output, batch, parameters, parts);

  double worst = 0;
  const int members = batch.channels / batch.groups;
  const auto count = static_cast<double>(batch.pixels * members);
  for (std::int64_t image = 0; image < batch.images; ++image) {
    for (int group = 0; group < batch.groups; ++group) {
      const auto each = [&](const auto& use) {
        for (std::int64_t pixel = 0; pixel < batch.pixels; ++pixel) {
          for (int channel = group * members; channel < (group + 1) * members; ++channel) {
            const auto index = static_cast<std::size_t>((image * batch.pixels + pixel) * batch.channels + channel);
            const auto at = static_cast<std::size_t>(channel);
            use(index, at, static_cast<double>(static_cast<float>(images[index])) + parameters.shift[at]);
          }
        }
      };
      double mean = 0;
      double variance = 0;
      each([&](std::size_t, std::size_t, double value) { mean += value / count; });
      each([&](std::size_t, std::size_t, double value) { variance += (value - mean) * (value - mean) / count; });
      each([&](std::size_t index, std::size_t channel, double value) {
        const double standard = (value - mean) / std::sqrt(variance + epsilon);
        const double expected = kernels::gelu(standard * parameters.weight[channel] + parameters.bias[channel]);
        const double error = std::abs(static_cast<double>(static_cast<float>(output[index])) - expected);
        worst = std::isnan(error) ? HUGE_VAL : std::max(worst, error / std::max(1.0, std::abs(expected)));
      });
    }
  }
  return worst;
}

template <typename T>
double largest_error_of_random_images(const Batch& batch, int parts) {
  return largest_error(batch, random_images<T>(batch, 0.3, 2), parts, 0.01F);
}

TEST(GroupNormGeluOnGpu, matches_float64_at_every_number_of_channels_that_a_thread_reads) {
  EXPECT_LT(largest_error_of_random_images<float>({2, 35, 32, 8}, 2), 2e-6);     // 4 channels, 32 pixels at once
  EXPECT_LT(largest_error_of_random_images<float>({1, 61, 12, 6}, 1), 2e-6);     // 2 channels
  EXPECT_LT(largest_error_of_random_images<float>({1, 90, 15, 5}, 2), 2e-6);     // 1 channel, threads that rest
  EXPECT_LT(largest_error_of_random_images<float>({1, 7, 1024, 8}, 3), 2e-6);    // one pixel at once
  EXPECT_LT(largest_error_of_random_images<float>({1, 40, 256, 256}, 1), 2e-6);  // as many groups as threads
}

TEST(GroupNormGeluOnGpu, matches_float64_for_one_pixel_and_for_parts_without_pixels) {
  EXPECT_LT(largest_error_of_random_images<float>({3, 1, 64, 8}, 1), 2e-6);
  EXPECT_LT(largest_error_of_random_images<float>({1, 20, 64, 8}, 5), 2e-6);
}

TEST(GroupNormGeluOnGpu, matches_float64_as_planned_for_a_large_gpu) {
  const Batch batch{1, 300, 128, 8};
  EXPECT_LT(largest_error_of_random_images<float>(batch, blocks_of_an_image(4, batch, 132)), 2e-6);
}

TEST(GroupNormGeluOnGpu, rounds_to_bfloat16_once) {
  constexpr double half_a_digit = 1.0 / 256;
  EXPECT_LT(largest_error_of_random_images<Bfloat16>({2, 35, 64, 8}, 2), half_a_digit);  // 8 channels
  EXPECT_LT(largest_error_of_random_images<Bfloat16>({1, 35, 32, 8}, 2), half_a_digit);  // 4 channels
}

TEST(GroupNormGeluOnGpu, keeps_its_precision_where_the_mean_is_ten_thousand_times_the_standard_deviation) {
  const Batch batch{1, 900, 32, 8};
  EXPECT_LT(largest_error(batch, random_images<float>(batch, 1e4, 1), 3), 1e-3);
  EXPECT_LT(largest_error(batch, random_images<float>(batch, -1e4, 1), 3, 0.1F), 1e-3);
}

TEST(GroupNormGeluOnGpu, keeps_its_precision_for_huge_and_tiny_values) {
  const Batch batch{1, 300, 32, 8};
  EXPECT_LT(largest_error(batch, random_images<float>(batch, 1e15, 1e15), 2), 2e-6);
  EXPECT_LT(largest_error(batch, random_images<float>(batch, 1e-12, 1e-12), 2), 2e-6);
}

TEST(GroupNormGeluOnGpu, gives_the_activated_bias_where_all_values_are_equal) {
  const Batch batch{1, 60, 32, 8};
  EXPECT_LT(largest_error(batch, std::vector<float>(std::size_t{60} * 32, 123.456F), 2), 2e-6);
  EXPECT_LT(largest_error(batch, std::vector<float>(std::size_t{60} * 32, 0.0F), 2), 2e-6);
}

TEST(LaunchPlan, takes_sixteen_bytes_at_once_where_a_group_has_as_many) {
  EXPECT_EQ(channels_at_once(4, 32, 8), 4);
  EXPECT_EQ(channels_at_once(2, 32, 8), 4);
  EXPECT_EQ(channels_at_once(2, 64, 8), 8);
  EXPECT_EQ(channels_at_once(2, 96, 8), 4);
  EXPECT_EQ(channels_at_once(4, 15, 5), 1);
}

TEST(LaunchPlan, refuses_more_bundles_of_channels_than_a_block_has_threads) {
  EXPECT_TRUE(fits_a_block(4, 1024, 8));
  EXPECT_FALSE(fits_a_block(4, 2048, 8));
  EXPECT_TRUE(fits_a_block(2, 2048, 8));
  EXPECT_FALSE(fits_a_block(4, 257, 257));
}

TEST(LaunchPlan, keeps_every_multiprocessor_busy_and_no_block_without_pixels) {
  EXPECT_EQ(blocks_of_an_image(4, {1, 65536, 32, 8}, 132), 528);
  EXPECT_EQ(blocks_of_an_image(4, {64, 65536, 32, 8}, 132), 9);
  EXPECT_EQ(blocks_of_an_image(4, {1, 64, 32, 8}, 132), 2);
  EXPECT_EQ(blocks_of_an_image(4, {100000, 64, 32, 8}, 132), 1);
}

}  // namespace
}  // namespace mriembed::cuda
