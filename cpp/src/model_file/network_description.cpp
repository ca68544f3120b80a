#include "model_file/network_description.hpp"

#include <cmath>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <utility>

#include "mriembed/error.hpp"

namespace mriembed {

namespace {

using nlohmann::json;

// Beyond these it is no network of this project but a damaged or hostile file.
constexpr std::size_t most_layers = 256;
constexpr std::size_t most_weights = 1024;
constexpr std::size_t most_axes = 4;

[[noreturn]] void refuse(const std::string& reason) { throw Error(ErrorCode::bad_model_file, reason); }

LayerDescription parse_layer(const json& object) {
  LayerDescription layer;
  layer.kind = object.at("kind").get<std::string>();
  layer.weight = object.value("weight", std::string());
  layer.bias = object.value("bias", std::string());
  const auto size = [&](const char* key) {
    return object.contains(key) ? described_size(object.at(key), std::string(key) + " of a layer") : 0;
  };
  layer.kernel = size("kernel");
  layer.stride = size("stride");
  layer.padding = size("padding");
  layer.size = size("size");
  layer.groups = size("groups");
  layer.epsilon = object.value("epsilon", 0.0);
  if (!std::isfinite(layer.epsilon) || layer.epsilon < 0) {
    refuse("mriembed.json: epsilon of a layer is not positive");
  }
  return layer;
}

WeightDescription parse_weight(const json& object) {
  WeightDescription weight;
  weight.record = object.at("record").get<std::string>();
  weight.dtype = object.at("dtype").get<std::string>();
  const json& shape = object.at("shape");
  if (!shape.is_array() || shape.size() > most_axes) {
    refuse("mriembed.json: the shape of a weight has more than " + std::to_string(most_axes) + " axes");
  }
  for (const json& length : shape) {
    weight.shape.push_back(described_size(length, "the length of an axis of a weight"));
  }
  return weight;
}

}  // namespace

std::int64_t described_size(const json& value, const std::string& what) {
  if (!value.is_number_integer() || value < 0 || value > largest_described_size) {
    refuse("mriembed.json: " + what + " must be a whole number from 0 to " + std::to_string(largest_described_size));
  }
  return value.get<std::int64_t>();
}

NetworkDescription parse_network(const json& object) {
  const json& layers = object.at("layers");
  const json& weights = object.at("weights");
  if (!layers.is_array() || !weights.is_object() || layers.size() > most_layers || weights.size() > most_weights) {
    refuse(
        "mriembed.json: its layers are not a list or its weights not an object, or there are more of them than in any "
        "model");
  }
  NetworkDescription network;
  for (const json& layer : layers) {
    network.layers.push_back(parse_layer(layer));
  }
  for (const auto& [name, weight] : weights.items()) {
    network.weights.emplace(name, parse_weight(weight));
  }
  return network;
}

}  // namespace mriembed
