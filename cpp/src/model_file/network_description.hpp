// The network as mriembed.json lists it: its layers, and where in the archive their weights lie.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace mriembed {

// One layer. What a kind does not have is as below.
struct LayerDescription {
  std::string kind;    // docs/model_file.md has those that are known; others run on torch alone
  std::string weight;  // names of its weights
  std::string bias;
  std::int64_t kernel = 0;  // samples along y and x, of a convolution
  std::int64_t stride = 0;
  std::int64_t padding = 0;
  std::int64_t size = 0;    // pixels along y and x, of a mean_pool
  std::int64_t groups = 0;  // of a group_norm
  double epsilon = 0;
};

struct WeightDescription {
  std::string record;  // of the archive: the values alone, row-major and little-endian
  std::string dtype;   // as torch names it, for instance "float32"
  std::vector<std::int64_t> shape;
};

struct NetworkDescription {
  std::vector<LayerDescription> layers;  // each reads what the one before it gives
  std::map<std::string, WeightDescription> weights;
};

// A network of this project has no larger size; a damaged or hostile file may.
inline constexpr std::int64_t largest_described_size = 1 << 24;

// A size in mriembed.json, from 0 to `largest_described_size`. Throws Error bad_model_file, without the file's name,
// for anything else; `what` names it.
std::int64_t described_size(const nlohmann::json& value, const std::string& what);

// Reads "network" of mriembed.json. Throws Error bad_model_file, without the file's name, for sizes that are not
// sensible, and nlohmann::json::exception for what is missing or of another type.
NetworkDescription parse_network(const nlohmann::json& object);

}  // namespace mriembed
