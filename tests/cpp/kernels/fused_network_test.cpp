#include "kernels/fused_network.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "gelu_definition.hpp"
#include "kernels/bfloat16_processor.hpp"
#include "threads/host_threads.hpp"

namespace mriembed::kernels {
namespace {

std::vector<float> normal_floats(std::mt19937& generator, std::int64_t count, float mean, float deviation) {
  std::normal_distribution<float> normal(mean, deviation);
  std::vector<float> values(static_cast<std::size_t>(count));
  std::generate(values.begin(), values.end(), [&] { return normal(generator); });
  return values;
}

StageWeights random_stage(std::mt19937& generator, std::int64_t in_channels, std::int64_t out_channels,
                          std::int64_t stride, std::int64_t groups) {
  StageWeights stage;
  stage.in_channels = in_channels;
  stage.out_channels = out_channels;
  stage.stride = stride;
  stage.weight =
      normal_floats(generator, out_channels * in_channels * 9, 0, 1 / std::sqrt(9 * static_cast<float>(in_channels)));
  stage.bias = normal_floats(generator, out_channels, 0, 0.1F);
  stage.groups = groups;
  stage.epsilon = 1e-5;
  stage.norm_weight = normal_floats(generator, out_channels, 1, 0.2F);
  stage.norm_bias = normal_floats(generator, out_channels, 0, 0.2F);
  return stage;
}

LinearWeights random_layer(std::mt19937& generator, std::int64_t in_features, std::int64_t out_features) {
  LinearWeights layer;
  layer.in_features = in_features;
  layer.out_features = out_features;
  layer.weight =
      normal_floats(generator, out_features * in_features, 0, 1 / std::sqrt(static_cast<float>(in_features)));
  layer.bias = normal_floats(generator, out_features, 0, 0.1F);
  return layer;
}

// Stages of stride 1 and 2, of channels that fill no vector, and a head of two layers.
NetworkWeights random_network() {
  std::mt19937 generator(7);  // NOLINT(bugprone-random-generator-seed): the same weights on every run
  NetworkWeights weights;
  weights.stages = {random_stage(generator, 6, 12, 1, 4), random_stage(generator, 12, 33, 2, 3),
                    random_stage(generator, 33, 20, 2, 5)};
  weights.head = {random_layer(generator, 20, 17), random_layer(generator, 17, 9)};
  return weights;
}

// Channel after channel of a slice on its way through the network as it is defined.
struct Image {
  std::int64_t channels;
  std::int64_t height;
  std::int64_t width;
  std::vector<double> samples;

  [[nodiscard]] double at(std::int64_t channel, std::int64_t row, std::int64_t column) const {
    const bool inside = row >= 0 && row < height && column >= 0 && column < width;
    return inside ? samples[static_cast<std::size_t>((channel * height + row) * width + column)] : 0;
  }
};

Image convolved(const Image& input, const StageWeights& stage) {
  Image output{stage.out_channels, (input.height - 1) / stage.stride + 1, (input.width - 1) / stage.stride + 1, {}};
  for (std::int64_t out = 0; out < output.channels; ++out) {
    for (std::int64_t row = 0; row < output.height; ++row) {
      for (std::int64_t column = 0; column < output.width; ++column) {
        double sum = stage.bias[static_cast<std::size_t>(out)];
        for (std::int64_t in = 0; in < input.channels; ++in) {
          for (std::int64_t tap = 0; tap < 9; ++tap) {
            sum += static_cast<double>(stage.weight[static_cast<std::size_t>((out * input.channels + in) * 9 + tap)]) *
                   input.at(in, row * stage.stride + tap / 3 - 1, column * stage.stride + tap % 3 - 1);
          }
        }
        output.samples.push_back(sum);
      }
    }
  }
  return output;
}

// GroupNorm and GELU.
void normalize(Image& image, const StageWeights& stage) {
  const std::int64_t plane = image.height * image.width;
  const std::int64_t members = image.channels / stage.groups;
  for (std::int64_t group = 0; group < stage.groups; ++group) {
    const auto first = image.samples.begin() + group * members * plane;
    const auto count = static_cast<double>(members * plane);
    const double mean = std::accumulate(first, first + members * plane, 0.0) / count;
    const double variance =
        std::accumulate(first, first + members * plane, 0.0,
                        [mean](double sum, double value) { return sum + (value - mean) * (value - mean); }) /
        count;
    for (std::int64_t member = 0; member < members; ++member) {
      const auto channel = static_cast<std::size_t>(group * members + member);
      std::transform(first + member * plane, first + (member + 1) * plane, first + member * plane, [&](double value) {
        return gelu((value - mean) / std::sqrt(variance + stage.epsilon) *
                        static_cast<double>(stage.norm_weight[channel]) +
                    static_cast<double>(stage.norm_bias[channel]));
      });
    }
  }
}

// The mean of each 2 x 2 pixels, of those that there are.
Image pooled(const Image& input) {
  Image output{input.channels, (input.height + 1) / 2, (input.width + 1) / 2, {}};
  for (std::int64_t channel = 0; channel < output.channels; ++channel) {
    for (std::int64_t row = 0; row < output.height; ++row) {
      for (std::int64_t column = 0; column < output.width; ++column) {
        double sum = 0;
        double count = 0;
        for (std::int64_t pixel = 0; pixel < 4; ++pixel) {
          const std::int64_t y = 2 * row + pixel / 2;
          const std::int64_t x = 2 * column + pixel % 2;
          sum += input.at(channel, y, x);
          count += y < input.height && x < input.width ? 1 : 0;
        }
        output.samples.push_back(sum / count);
      }
    }
  }
  return output;
}

std::vector<double> through(const LinearWeights& layer, const std::vector<double>& features) {
  std::vector<double> result(layer.bias.begin(), layer.bias.end());
  for (std::size_t out = 0; out < result.size(); ++out) {
    for (std::size_t in = 0; in < features.size(); ++in) {
      result[out] += static_cast<double>(layer.weight[out * features.size() + in]) * features[in];
    }
  }
  return result;
}

std::vector<double> defined_embedding(const NetworkWeights& weights, const float* slice, std::int64_t height,
                                      std::int64_t width) {
  const std::int64_t channels = weights.stages.front().in_channels;
  Image image{channels, height, width, std::vector<double>(slice, slice + channels * height * width)};
  for (const StageWeights& stage : weights.stages) {
    image = convolved(image, stage);
    normalize(image, stage);
    image = stage.pools ? pooled(image) : image;
  }
  const std::int64_t plane = image.height * image.width;
  std::vector<double> features;
  for (auto channel = image.samples.begin(); channel != image.samples.end(); channel += plane) {
    features.push_back(std::accumulate(channel, channel + plane, 0.0) / static_cast<double>(plane));
  }
  features = through(weights.head[0], features);
  std::transform(features.begin(), features.end(), features.begin(), gelu);
  features = through(weights.head[1], features);
  const double norm = std::sqrt(std::inner_product(features.begin(), features.end(), features.begin(), 0.0));
  std::transform(features.begin(), features.end(), features.begin(), [norm](double value) { return value / norm; });
  return features;
}

struct Arrangement {
  ComputeDtype compute_dtype;
  std::int64_t slices;
  std::int64_t height;
  std::int64_t width;
  int threads;
};

class Network : public testing::TestWithParam<Arrangement> {
 protected:
  void SetUp() override {
    if (GetParam().compute_dtype == ComputeDtype::bfloat16 && bfloat16_unit() == Bfloat16Unit::none) {
      GTEST_SKIP() << "this processor has no unit for bfloat16";
    }
  }
};

TEST_P(Network, gives_the_embeddings_that_its_definition_gives_in_float64) {
  const auto& [compute_dtype, slices, height, width, threads] = GetParam();
  const threads::Executor executor(threads, in_threads_of_the_host);
  std::mt19937 generator(8);  // NOLINT(bugprone-random-generator-seed): the same samples on every run
  const std::int64_t slice = 6 * height * width;
  const std::vector<float> network_input = normal_floats(generator, slices * slice, 0, 1);
  for (const std::size_t pooling : {3U, 0U, 1U}) {  // the stage that pools; 3: none
    NetworkWeights weights = random_network();
    if (pooling < weights.stages.size()) {
      weights.stages[pooling].pools = true;
    }
    const auto network = make_fused_network(weights, compute_dtype);
    std::vector<float> embeddings(static_cast<std::size_t>(slices * network->embed_dim()));
    std::vector<float> peaks(static_cast<std::size_t>(slices));

    network->embed(network_input.data(), slices, height, width, executor, embeddings.data(), peaks.data());

    for (std::int64_t index = 0; index < slices; ++index) {
      const float* first = network_input.data() + index * slice;
      const std::vector<double> expected = defined_embedding(weights, first, height, width);
      double farthest = 0;
      double cosine = 0;
      for (std::size_t component = 0; component < expected.size(); ++component) {
        const double value = embeddings[static_cast<std::size_t>(index) * expected.size() + component];
        farthest = std::max(farthest, std::abs(value - expected[component]));
        cosine += value * expected[component];
      }
      EXPECT_GE(cosine, 0.999) << "slice " << index << ", pooling stage " << pooling;
      if (compute_dtype == ComputeDtype::float32) {
        EXPECT_LE(farthest, 1e-6) << "slice " << index << ", pooling stage " << pooling;
      }
      const float peak =
          *std::max_element(first, first + slice, [](float a, float b) { return std::abs(a) < std::abs(b); });
      EXPECT_EQ(peaks[static_cast<std::size_t>(index)], std::abs(peak));
    }
  }
}

TEST_P(Network, reports_a_sample_that_is_not_finite_as_the_peak_of_its_slice_alone) {
  const auto& [compute_dtype, slices, height, width, threads] = GetParam();
  const auto network = make_fused_network(random_network(), compute_dtype);
  const threads::Executor executor(threads, in_threads_of_the_host);
  const std::int64_t slice = 6 * height * width;
  std::vector<float> network_input(static_cast<std::size_t>(slices * slice), 0.5F);
  std::vector<float> embeddings(static_cast<std::size_t>(slices * network->embed_dim()));
  std::vector<float> peaks(static_cast<std::size_t>(slices));
  for (const float sample : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    network_input.back() = sample;
    network->embed(network_input.data(), slices, height, width, executor, embeddings.data(), peaks.data());
    EXPECT_FALSE(std::isfinite(peaks.back()));
    EXPECT_TRUE(std::all_of(peaks.begin(), peaks.end() - 1, [](float peak) { return peak == 0.5F; }));
  }
}

std::string name_of(const testing::TestParamInfo<Arrangement>& arrangement) {
  const auto& [compute_dtype, slices, height, width, threads] = arrangement.param;
  return std::string(compute_dtype == ComputeDtype::float32 ? "float32_" : "bfloat16_") + std::to_string(slices) +
         "_slices_" + std::to_string(height) + "_by_" + std::to_string(width) + "_" + std::to_string(threads) +
         "_threads";
}

INSTANTIATE_TEST_SUITE_P(Kernels, Network,
                         testing::Values(Arrangement{ComputeDtype::float32, 1, 8, 8, 1},
                                         Arrangement{ComputeDtype::float32, 5, 19, 23, 2},
                                         Arrangement{ComputeDtype::float32, 1, 9, 70, 3},
                                         Arrangement{ComputeDtype::bfloat16, 1, 8, 8, 1},
                                         Arrangement{ComputeDtype::bfloat16, 5, 19, 23, 2},
                                         Arrangement{ComputeDtype::bfloat16, 1, 9, 70, 3}),
                         name_of);

}  // namespace
}  // namespace mriembed::kernels
