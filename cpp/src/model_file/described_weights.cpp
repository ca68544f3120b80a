#include "model_file/described_weights.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "mriembed/error.hpp"

namespace mriembed {

namespace {

using Shape = std::vector<std::int64_t>;

[[noreturn]] void refuse(const std::string& reason) {
  throw Error(ErrorCode::bad_model_file, "mriembed.json contradicts itself: " + reason);
}

std::string text_of(const Shape& shape) {
  std::string text;
  for (const std::int64_t length : shape) {
    text += (text.empty() ? "(" : ", ") + std::to_string(length);
  }
  return text + ")";
}

// The shapes of the weights of MRIEmbeddingModel with these arguments, by name.
std::map<std::string, Shape> shapes_of(const NetworkArguments& arguments, const ModelInfo& info) {
  constexpr std::int64_t kernel = 3;
  std::map<std::string, Shape> shapes;
  const auto add_stage = [&shapes](const std::string& name, std::int64_t inputs, std::int64_t outputs) {
    shapes[name + ".convolution.weight"] = {outputs, inputs, kernel, kernel};
    shapes[name + ".convolution.bias"] = {outputs};
    shapes[name + ".norm.weight"] = {outputs};
    shapes[name + ".norm.bias"] = {outputs};
  };
  const auto add_linear = [&shapes](const std::string& name, std::int64_t inputs, std::int64_t outputs) {
    shapes[name + ".weight"] = {outputs, inputs};
    shapes[name + ".bias"] = {outputs};
  };
  std::int64_t channels = arguments.widths.front();
  add_stage("model.stem", info.in_channels, channels);
  for (std::size_t stage = 0; stage < arguments.widths.size(); ++stage) {
    add_stage("model.backbone." + std::to_string(stage), channels, arguments.widths.at(stage));
    channels = arguments.widths.at(stage);
  }
  if (arguments.use_mlp_head) {
    add_linear("model.head.0", channels, channels);
    add_linear("model.head.2", channels, info.embed_dim);
  } else {
    add_linear("model.head", channels, info.embed_dim);
  }
  return shapes;
}

}  // namespace

void check_described_weights(const Metadata& metadata) {
  const ModelInfo& info = metadata.info;
  std::map<std::string, Shape> expected = shapes_of(metadata.arguments, info);
  std::int64_t parameters = 0;
  for (const auto& [name, weight] : metadata.network.weights) {
    const auto shape = expected.find(name);
    if (shape == expected.end()) {
      refuse("it lists weights " + name + ", which a " + info.model_class + " of its arguments has not");
    }
    if (weight.shape != shape->second) {
      refuse("the weights " + name + " have the shape " + text_of(weight.shape) + "; " + text_of(shape->second) +
             " is that of its arguments");
    }
    parameters += std::accumulate(weight.shape.begin(), weight.shape.end(), std::int64_t{1}, std::multiplies<>());
    expected.erase(shape);
  }
  if (!expected.empty()) {
    refuse("the weights " + expected.begin()->first + " are missing");
  }
  if (parameters != info.parameters) {
    refuse("it lists " + std::to_string(parameters) + " weights, described are " + std::to_string(info.parameters));
  }
  const auto& layers = metadata.network.layers;
  if ((!layers.empty() && layers.back().kind == "unit_norm") != metadata.arguments.normalize) {
    refuse("whether it normalizes is not what its arguments say");
  }
  const auto pools = std::count_if(layers.begin(), layers.end(),
                                   [](const LayerDescription& layer) { return layer.kind == "mean_pool"; });
  if (pools != (metadata.arguments.antialiased_stage > 0 ? 1 : 0)) {
    refuse("whether a stage is antialiased is not what its arguments say");
  }
}

}  // namespace mriembed
