#include "model_file/metadata.hpp"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "model_file/described_weights.hpp"
#include "mriembed/error.hpp"
#include "mriembed/version.h"
#include "preprocessing/preprocessing_version.hpp"

namespace mriembed {

namespace {

using nlohmann::json;

constexpr std::size_t longest_text = std::size_t{1} << 24U;
constexpr int deepest_nesting = 8;

[[noreturn]] void refuse(const std::string& reason) { throw Error(ErrorCode::bad_model_file, reason); }

std::int64_t member_size(const json& object, const char* key) { return described_size(object.at(key), key); }

std::vector<float> finite_numbers(const json& values, std::size_t expected, const char* what) {
  auto numbers = values.get<std::vector<float>>();
  if (numbers.size() != expected) {
    refuse(std::string("mriembed.json: the reference's ") + what + " has " + std::to_string(numbers.size()) +
           " values where its shape says " + std::to_string(expected));
  }
  for (const float number : numbers) {
    if (!std::isfinite(number)) {
      refuse(std::string("mriembed.json: the reference's ") + what + " holds values that are not finite");
    }
  }
  return numbers;
}

double share_or_distance(const json& value) {
  const auto number = value.get<double>();
  if (!(number >= 0) || number > 2) {
    refuse("mriembed.json: distances are not numbers from 0 to 2");
  }
  return number;
}

Distances parse_distances(const json& object) {
  Distances distances;
  if (object.is_null()) {
    return distances;
  }
  const json& kinds = object.at("kinds");
  constexpr std::size_t most = 64;
  if (!kinds.is_array() || kinds.empty() || kinds.size() > most) {
    refuse("mriembed.json: distances name no kinds of pairs");
  }
  for (const json& each : kinds) {
    KindOfPair kind;
    kind.name = each.at("name").get<std::string>();
    const json& deciles = each.at("deciles");
    if (!deciles.is_array() || deciles.size() != kind.deciles.size()) {
      refuse("mriembed.json: distances have not nine deciles for each kind of pair");
    }
    for (std::size_t index = 0; index < kind.deciles.size(); ++index) {
      kind.deciles.at(index) = share_or_distance(deciles.at(index));
    }
    kind.below_threshold = share_or_distance(each.at("below_threshold"));
    distances.kinds.push_back(std::move(kind));
  }
  distances.threshold = share_or_distance(object.at("threshold"));
  distances.source = object.at("source").get<std::string>();
  return distances;
}

Reference parse_reference(const json& object, std::int64_t embed_dim) {
  const json& axes = object.at("kspace_shape");
  constexpr std::int64_t longest = 4096;
  if (!axes.is_array() || axes.size() != 4 || axes.front() != 1) {
    refuse("mriembed.json: the reference's k-space must have the shape (1, coils, y, x)");
  }
  for (const json& length : axes) {
    if (!length.is_number_integer() || length < 1 || length > longest) {
      refuse("mriembed.json: the reference's k-space has an axis outside 1.." + std::to_string(longest));
    }
  }
  const auto shape = axes.get<std::vector<std::int64_t>>();
  Reference reference;
  reference.coils = shape[1];
  reference.height = shape[2];
  reference.width = shape[3];
  const auto count = static_cast<std::size_t>(shape[1] * shape[2] * shape[3]);
  const std::vector<float> real = finite_numbers(object.at("kspace_real"), count, "k-space");
  const std::vector<float> imaginary = finite_numbers(object.at("kspace_imag"), count, "k-space");
  reference.kspace.reserve(count);
  for (std::size_t index = 0; index < count; ++index) {
    reference.kspace.emplace_back(real[index], imaginary[index]);
  }
  reference.embedding = finite_numbers(object.at("embedding"), static_cast<std::size_t>(embed_dim), "embedding");
  return reference;
}

NetworkArguments parse_arguments(const json& object, const ModelInfo& info) {
  NetworkArguments arguments;
  const json& widths = object.at("widths");
  if (!widths.is_array() || widths.size() != arguments.widths.size()) {
    refuse("mriembed.json: widths are not four channel counts");
  }
  for (std::size_t stage = 0; stage < arguments.widths.size(); ++stage) {
    const json& width = widths.at(stage);
    if (!width.is_number_integer() || width < 1 || width > largest_described_size) {
      refuse("mriembed.json: widths are not four channel counts");
    }
    arguments.widths.at(stage) = width.get<std::int64_t>();
  }
  arguments.dropout = object.at("dropout").get<double>();
  arguments.normalize = object.at("normalize").get<bool>();
  arguments.use_mlp_head = object.at("use_mlp_head").get<bool>();
  arguments.antialiased_stage = member_size(object, "antialiased_stage");
  if (member_size(object, "embed_dim") != info.embed_dim) {
    refuse("mriembed.json contradicts itself: embed_dim is not that of the arguments");
  }
  return arguments;
}

// The library computes with its own numbers of the version: others would be another preprocessing.
void check_numbers(const json& numbers) {
  for_each_preprocessing_number([&](const char* name, auto expected) {
    const json& found = numbers.at(name);
    if (!found.is_number() || found.get<double>() != static_cast<double>(expected)) {
      refuse("its preprocessing has other numbers than version " + std::to_string(preprocessing_version) + ": " + name +
             " is " + found.dump());
    }
  });
}

// No other size in the file bounds it, and time and memory of the first slice grow with its square.
std::int64_t parse_matrix(const json& preprocessing) {
  const std::int64_t matrix = member_size(preprocessing, "matrix");
  if (matrix < smallest_matrix || matrix > largest_matrix) {
    refuse("mriembed.json: matrix must lie in " + std::to_string(smallest_matrix) + ".." +
           std::to_string(largest_matrix) + ", not " + std::to_string(matrix));
  }
  return matrix;
}

ModelInfo parse_info(const json& root) {
  ModelInfo info;
  info.format_version = root.at("format_version").get<int>();

  const json& model = root.at("model");
  info.model_class = model.at("class").get<std::string>();
  if (info.model_class != "MRIEmbeddingModel") {
    refuse("its network is a \"" + info.model_class + "\"; this mriembed " MRIEMBED_VERSION " knows MRIEmbeddingModel");
  }
  info.arguments = model.at("arguments").dump();
  info.in_channels = member_size(model, "in_channels");
  info.num_coils = member_size(model, "num_coils");
  info.embed_dim = member_size(model, "embed_dim");
  info.parameters = member_size(model, "parameters");
  if (info.num_coils < 1 || info.embed_dim < 1 || info.in_channels != 2 * info.num_coils) {
    refuse("mriembed.json contradicts itself: " + std::to_string(info.num_coils) + " coils, " +
           std::to_string(info.in_channels) + " input channels, " + std::to_string(info.embed_dim) + " components");
  }

  const json& preprocessing = root.at("preprocessing");
  info.preprocessing_version = static_cast<int>(member_size(preprocessing, "version"));
  info.coil_compression = preprocessing.at("coil_compression").get<std::string>();
  info.matrix = preprocessing.at("matrix").is_null() ? 0 : parse_matrix(preprocessing);
  if (info.preprocessing_version != preprocessing_version) {
    refuse("it follows preprocessing version " + std::to_string(info.preprocessing_version) +
           "; this mriembed " MRIEMBED_VERSION " knows version " + std::to_string(preprocessing_version));
  }
  check_numbers(preprocessing.at("numbers"));
  if (info.coil_compression != "pca" && info.coil_compression != "none") {
    refuse("mriembed.json: coil compression \"" + info.coil_compression +
           "\" is unknown; \"pca\" or \"none\" is right");
  }

  const json& provenance = root.at("provenance");
  info.mriembed_version = provenance.at("mriembed").get<std::string>();
  info.torch_version = provenance.at("torch").get<std::string>();
  info.python_version = provenance.at("python").get<std::string>();
  info.created = provenance.at("created").get<std::string>();
  info.source_revision = provenance.at("source_revision").get<std::string>();
  info.weights_source = provenance.at("weights").get<std::string>();
  info.weights_sha256 = root.at("weights_sha256").get<std::string>();
  info.distances = parse_distances(root.at("distances"));
  return info;
}

}  // namespace

Metadata parse_metadata(std::string_view json_text) {
  if (json_text.size() > longest_text) {
    refuse("mriembed.json is larger than any description of a model (16 MiB)");
  }
  try {
    const json root = json::parse(json_text, [](int depth, json::parse_event_t /*event*/, const json& /*value*/) {
      if (depth > deepest_nesting) {
        refuse("mriembed.json is nested deeper than any description of a model");
      }
      return true;
    });
    if (!root.is_object() || root.value("format", "") != "mriembed model") {
      refuse("mriembed.json does not describe a mriembed model");
    }
    const json& version = root.at("format_version");
    if (version != format_version) {
      refuse("it has format version " + version.dump() + "; this mriembed " MRIEMBED_VERSION " reads version " +
             std::to_string(format_version) + "; `mriembed export` writes it");
    }
    Metadata metadata;
    metadata.info = parse_info(root);
    metadata.arguments = parse_arguments(root.at("model").at("arguments"), metadata.info);
    metadata.network = parse_network(root.at("network"));
    check_described_weights(metadata);
    metadata.reference = parse_reference(root.at("reference"), metadata.info.embed_dim);
    if (metadata.info.coil_compression == "none" && metadata.reference.coils != metadata.info.num_coils) {
      refuse("mriembed.json contradicts itself: without coil compression it takes " +
             std::to_string(metadata.info.num_coils) + " coils, but its reference has " +
             std::to_string(metadata.reference.coils));
    }
    return metadata;
  } catch (const json::exception& error) {
    refuse(std::string("mriembed.json is damaged: ") + error.what());
  }
}

}  // namespace mriembed
