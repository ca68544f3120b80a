#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/commands.hpp"
#include "cli/option_checks.hpp"
#include "cli/standard_output.hpp"
#include "mriembed/embedder.hpp"
#include "text/number_text.hpp"
#include "text/text_table.hpp"

namespace mriembed::cli {

namespace {

using Json = nlohmann::ordered_json;

struct Arguments {
  std::string model;
  Options options;  // of them, what concerns trust
  bool json = false;
};

Json distances_json(const Distances& distances) {
  if (distances.kinds.empty()) {
    return nullptr;
  }
  Json root;
  root["kinds"] = Json::array();
  for (const KindOfPair& kind : distances.kinds) {
    root["kinds"].push_back(
        {{"name", kind.name}, {"deciles", kind.deciles}, {"below_threshold", kind.below_threshold}});
  }
  root["threshold"] = distances.threshold;
  root["source"] = distances.source;
  return root;
}

// What distances are typical of, a line for each kind of pair.
std::string distances_text(const Distances& distances) {
  if (distances.kinds.empty()) {
    return "";
  }
  text::TextTable table(
      {{"two slices", text::TextTable::Align::left}, {"10 %"}, {"median"}, {"90 %"}, {"below threshold"}});
  for (const KindOfPair& kind : distances.kinds) {
    table.add_row({kind.name, text::fixed(kind.deciles.front(), 3), text::fixed(kind.deciles[4], 3),
                   text::fixed(kind.deciles.back(), 3), text::fixed(100 * kind.below_threshold, 1) + " %"});
  }
  return "\nCosine distances (" + distances.source + "); threshold " + text::fixed(distances.threshold, 3) + ":\n\n" +
         table.text();
}

// The same names as ModelDescription.as_dict of the Python package.
std::string json_text(const ModelInfo& info) {
  const Json arguments = Json::parse(info.arguments, nullptr, /*allow_exceptions=*/false);
  Json root;
  root["format_version"] = info.format_version;
  root["model_class"] = info.model_class;
  root["arguments"] = arguments.is_discarded() ? Json(info.arguments) : arguments;
  root["in_channels"] = info.in_channels;
  root["num_coils"] = info.num_coils;
  root["embed_dim"] = info.embed_dim;
  root["parameters"] = info.parameters;
  root["preprocessing_version"] = info.preprocessing_version;
  root["coil_compression"] = info.coil_compression;
  root["matrix"] = info.matrix > 0 ? Json(info.matrix) : Json(nullptr);
  root["mriembed_version"] = info.mriembed_version;
  root["torch_version"] = info.torch_version;
  root["python_version"] = info.python_version;
  root["created"] = info.created;
  root["source_revision"] = info.source_revision;
  root["weights_source"] = info.weights_source;
  root["weights_sha256"] = info.weights_sha256;
  root["distances"] = distances_json(info.distances);
  root["sealed"] = info.sealed;
  root["signers"] = info.signers;
  return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string coils_text(const ModelInfo& info) {
  if (info.coil_compression == "none") {
    return std::to_string(info.num_coils) + " (coil compression is off: scans must have exactly these)";
  }
  return std::to_string(info.num_coils) + " virtual (any number of physical coils is compressed to these)";
}

// Which backend runs the network on a CPU: known only once it is loaded.
std::string backend_text(const Arguments& arguments) {
  return Embedder::load(arguments.model, arguments.options).backend() == Backend::native
             ? "native on a CPU"
             : "torch (native has no kernels for the layers of this network)";
}

std::string listing(const ModelInfo& info, const std::string& backend) {
  return text::aligned_listing({
      {"model class", info.model_class},
      {"arguments", info.arguments},
      {"coils", coils_text(info)},
      {"input channels", std::to_string(info.in_channels) + " (magnitudes, then real parts)"},
      {"embedding", std::to_string(info.embed_dim) + " components"},
      {"weights", std::to_string(info.parameters)},
      {"matrix", info.matrix > 0 ? std::to_string(info.matrix) + " x " + std::to_string(info.matrix) +
                                       " (every slice is resampled to it)"
                                 : "native (slices keep their size)"},
      {"preprocessing", "version " + std::to_string(info.preprocessing_version)},
      {"weights from", info.weights_source},
      {"weights SHA-256", info.weights_sha256},
      {"seal", info.sealed ? "intact" : "none"},
      {"signed by", signers_text(info)},
      {"created", info.created},
      {"written by", "mriembed " + info.mriembed_version + " (" + info.source_revision + "), torch " +
                         info.torch_version + ", Python " + info.python_version},
      {"format version", std::to_string(info.format_version)},
      {"backend", backend},
  });
}

}  // namespace

Action add_info_options(CLI::App* command) {
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("MODEL", arguments->model, "Model file (.pt)")->type_name("")->required();
  command->add_flag("--json", arguments->json, "Print JSON, with the names of the Python package's ModelDescription");
  add_trust_options(*command, arguments->options.trust);
  return [arguments] {
    const ModelInfo info = read_model_info(arguments->model, arguments->options.trust);
    warn_if_unsealed(arguments->model, info);
    write_standard_output(arguments->json ? json_text(info)
                                          : listing(info, backend_text(*arguments)) + distances_text(info.distances));
    return 0;
  };
}

}  // namespace mriembed::cli
