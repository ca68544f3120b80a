#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "mriembed/model_file.hpp"

namespace mriembed::cli {

namespace {

// The names are those of `mriembed info` in Python.
nlohmann::ordered_json as_json(const ModelInfo& info) {
  nlohmann::ordered_json json;
  json["format_version"] = info.format_version;
  json["model_class"] = info.model_class;
  json["arguments"] = nlohmann::ordered_json::parse(info.arguments);
  json["in_channels"] = info.in_channels;
  json["num_coils"] = info.num_coils;
  json["embed_dim"] = info.embed_dim;
  json["parameters"] = info.parameters;
  json["preprocessing_contract"] = info.preprocessing_contract;
  json["coil_compression"] = info.coil_compression;
  json["matrix"] = info.matrix == 0 ? nlohmann::ordered_json() : nlohmann::ordered_json(info.matrix);
  json["mriembed_version"] = info.mriembed_version;
  json["torch_version"] = info.torch_version;
  json["python_version"] = info.python_version;
  json["created"] = info.created;
  json["source_revision"] = info.source_revision;
  json["weights_source"] = info.weights_source;
  json["weights_sha256"] = info.weights_sha256;
  return json;
}

void print(const ModelInfo& info) {
  const auto line = [](const char* name, const auto& value) { std::cout << name << value << '\n'; };
  line("network           ", info.model_class + " " + info.arguments);
  line("input             ", std::to_string(info.num_coils) +
                                 (info.coil_compression == "pca" ? " virtual coils, from any number of coils"
                                                                 : " coils, exactly (no coil compression)"));
  line("matrix            ", info.matrix == 0 ? "native size of each slice"
                                              : std::to_string(info.matrix) + " x " + std::to_string(info.matrix));
  line("embedding         ", std::to_string(info.embed_dim) + " components");
  line("weights           ", std::to_string(info.parameters) + ", " + info.weights_source);
  line("weights SHA-256   ", info.weights_sha256);
  line("format version    ", std::to_string(info.format_version) + ", preprocessing contract " +
                                 std::to_string(info.preprocessing_contract));
  line("created           ", info.created);
  line("written by        ", "mriembed " + info.mriembed_version + " (" + info.source_revision + "), torch " +
                                 info.torch_version + ", Python " + info.python_version);
}

}  // namespace

Command add_info(CLI::App& program) {
  struct Arguments {
    std::string model;
    bool json = false;
  };
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* app = program.add_subcommand("info", "Describe a model file");
  app->add_option("MODEL", arguments->model, "model file (.pt)")->required();
  app->add_flag("--json", arguments->json, "as JSON");
  return {app, [arguments] {
            const ModelInfo info = read_model_info(arguments->model);
            if (arguments->json) {
              std::cout << as_json(info).dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
            } else {
              print(info);
            }
            return 0;
          }};
}

}  // namespace mriembed::cli
