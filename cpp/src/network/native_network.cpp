#include "network/native_network.hpp"

#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kernels/bfloat16_processor.hpp"
#include "kernels/fused_network.hpp"

namespace mriembed {

namespace {

// Goes through the described layers from the first to the last.
class Layers {
 public:
  explicit Layers(const ModelArchive& archive) : archive_(archive), rest_(archive.metadata().network.layers) {}

  // The next layer, where it is of this kind.
  const LayerDescription* next(const char* kind) {
    if (rest_.empty() || rest_.front().kind != kind) {
      return nullptr;
    }
    const LayerDescription* layer = &rest_.front();
    rest_ = rest_.subspan(1);
    return layer;
  }

  [[nodiscard]] bool done() const { return rest_.empty(); }

  // The shape of a weight; empty where there is none of this name.
  [[nodiscard]] std::vector<std::int64_t> shape(const std::string& weight) const {
    const auto& weights = archive_.metadata().network.weights;
    const auto found = weights.find(weight);
    return found == weights.end() ? std::vector<std::int64_t>() : found->second.shape;
  }

  [[nodiscard]] std::vector<float> values(const std::string& weight) const {
    const std::string_view bytes = archive_.weight(weight);
    std::vector<float> numbers(bytes.size() / sizeof(float));
    std::memcpy(numbers.data(), bytes.data(), bytes.size());
    return numbers;
  }

 private:
  const ModelArchive& archive_;
  std::span<const LayerDescription> rest_;
};

// The next stage, where the next layers are one whose input has so many channels.
std::optional<kernels::StageWeights> next_stage(Layers& layers, std::int64_t in_channels) {
  const LayerDescription* convolution = layers.next("convolution");
  const LayerDescription* norm = convolution != nullptr ? layers.next("group_norm") : nullptr;
  if (norm == nullptr || layers.next("gelu") == nullptr) {
    return std::nullopt;
  }
  const std::vector<std::int64_t> shape = layers.shape(convolution->weight);
  const bool served = convolution->kernel == 3 && convolution->padding == 1 &&
                      (convolution->stride == 1 || convolution->stride == 2) && shape.size() == 4 &&
                      shape[1] == in_channels && shape[2] == 3 && shape[3] == 3;
  if (!served) {
    return std::nullopt;
  }
  const std::int64_t channels = shape[0];
  const std::vector<std::int64_t> of_channels{channels};
  for (const std::string& weight : {convolution->bias, norm->weight, norm->bias}) {
    if (layers.shape(weight) != of_channels) {
      return std::nullopt;
    }
  }
  if (norm->groups < 1 || channels % norm->groups != 0) {
    return std::nullopt;
  }
  kernels::StageWeights stage;
  stage.in_channels = in_channels;
  stage.out_channels = channels;
  stage.stride = convolution->stride;
  stage.weight = layers.values(convolution->weight);
  stage.bias = layers.values(convolution->bias);
  stage.groups = norm->groups;
  stage.epsilon = norm->epsilon;
  stage.norm_weight = layers.values(norm->weight);
  stage.norm_bias = layers.values(norm->bias);
  if (const LayerDescription* pool = layers.next("mean_pool")) {
    if (pool->size != 2) {
      return std::nullopt;
    }
    stage.pools = true;
  }
  return stage;
}

std::optional<kernels::LinearWeights> next_linear(Layers& layers, std::int64_t in_features) {
  const LayerDescription* layer = layers.next("linear");
  if (layer == nullptr) {
    return std::nullopt;
  }
  const std::vector<std::int64_t> shape = layers.shape(layer->weight);
  if (shape.size() != 2 || shape[1] != in_features || layers.shape(layer->bias) != std::vector{shape[0]}) {
    return std::nullopt;
  }
  return kernels::LinearWeights{in_features, shape[0], layers.values(layer->weight), layers.values(layer->bias)};
}

class NativeNetwork final : public Network {
 public:
  NativeNetwork(const kernels::NetworkWeights& weights, kernels::ComputeDtype compute_dtype)
      : network_(kernels::make_fused_network(weights, compute_dtype)), compute_dtype_(compute_dtype) {
    // The first convolution's input and output are the largest arrays. The kernels keep the output, and that of the
    // next convolution, which is seldom as large.
    const kernels::StageWeights& stem = weights.stages.front();
    pixel_bytes_ = (stem.in_channels + 2 * stem.out_channels) * static_cast<std::int64_t>(sizeof(float));
  }

  [[nodiscard]] bool native() const noexcept override { return true; }
  [[nodiscard]] Precision compute_dtype() const noexcept override {
    return compute_dtype_ == kernels::ComputeDtype::float32 ? Precision::float32 : Precision::bfloat16;
  }
  [[nodiscard]] std::int64_t pixel_bytes() const noexcept override { return pixel_bytes_; }

  void reserve(std::int64_t slices, std::int64_t height, std::int64_t width,
               const threads::Executor& executor) const override {
    network_->reserve(slices, height, width, executor.threads());
  }

  void embed(const float* network_input, std::int64_t slices, std::int64_t height, std::int64_t width,
             const threads::Executor& executor, float* embeddings, float* peaks) const override {
    network_->embed(network_input, slices, height, width, executor, embeddings, peaks);
  }

 private:
  std::unique_ptr<const kernels::FusedNetwork> network_;
  kernels::ComputeDtype compute_dtype_;
  std::int64_t pixel_bytes_;
};

}  // namespace

std::optional<kernels::NetworkWeights> native_weights(const ModelArchive& archive) {
  Layers layers(archive);
  kernels::NetworkWeights weights;
  std::int64_t channels = archive.metadata().info.in_channels;
  while (layers.next("mean") == nullptr) {
    auto stage = next_stage(layers, channels);
    if (!stage) {
      return std::nullopt;
    }
    channels = stage->out_channels;
    weights.stages.push_back(std::move(*stage));
  }
  do {
    auto linear = next_linear(layers, channels);
    if (!linear) {
      return std::nullopt;
    }
    channels = linear->out_features;
    weights.head.push_back(std::move(*linear));
  } while (layers.next("gelu") != nullptr);
  weights.normalize = layers.next("unit_norm") != nullptr;
  constexpr std::size_t most_linear_layers = 2;
  const bool served = !weights.stages.empty() && !weights.stages.back().pools &&
                      weights.head.size() <= most_linear_layers && layers.done() &&
                      channels == archive.metadata().info.embed_dim;
  return served ? std::optional(std::move(weights)) : std::nullopt;
}

std::unique_ptr<const Network> make_native_network(const kernels::NetworkWeights& weights, Precision precision) {
  const bool coarse = precision == Precision::bfloat16 && kernels::bfloat16_pays();
  return std::make_unique<const NativeNetwork>(
      weights, coarse ? kernels::ComputeDtype::bfloat16 : kernels::ComputeDtype::float32);
}

}  // namespace mriembed
