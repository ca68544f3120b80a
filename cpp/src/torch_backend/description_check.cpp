#include "torch_backend/description_check.hpp"

#include <string>
#include <type_traits>

#include "mriembed/error.hpp"
#include "preprocessing/preprocessing_version.hpp"

namespace mriembed::torch_backend {

namespace {

[[noreturn]] void refuse(const std::string& reason) {
  throw Error(ErrorCode::bad_model_file, "its mriembed.json does not describe its network: " + reason);
}

// Whether the numbers that the preprocessing keeps as attributes are those of its version.
bool has_parameters_of_its_version(const torch::jit::Module& preprocessor) {
  bool all = true;
  for_each_preprocessing_number([&](const char* name, auto expected) {
    const auto value = preprocessor.attr(name, c10::IValue());
    if constexpr (std::is_integral_v<decltype(expected)>) {
      all = all && value.isInt() && value.toInt() == expected;
    } else {
      all = all && value.isDouble() && value.toDouble() == expected;
    }
  });
  return all;
}

void check_preprocessing(const torch::jit::Module& network, const ModelInfo& info) {
  const auto preprocessor = network.attr("preprocessor", c10::IValue());
  if (!preprocessor.isModule()) {
    refuse("it has no preprocessor");
  }
  const torch::jit::Module module = preprocessor.toModule();
  const auto coils = module.attr("num_coils", c10::IValue());
  const auto compression = module.attr("coil_compression", c10::IValue());
  const auto matrix = module.attr("matrix", c10::IValue());
  if (!coils.isInt() || coils.toInt() != info.num_coils) {
    refuse("its preprocessing has another number of coils than " + std::to_string(info.num_coils));
  }
  if (!compression.isString() || compression.toStringRef() != info.coil_compression) {
    refuse("its preprocessing has another coil compression than \"" + info.coil_compression + "\"");
  }
  const auto version = module.attr("preprocessing_version", c10::IValue());
  if (!version.isInt() || version.toInt() != info.preprocessing_version) {
    refuse("its preprocessing follows version " + (version.isInt() ? std::to_string(version.toInt()) : "unknown") +
           ", described is " + std::to_string(info.preprocessing_version));
  }
  if (!has_parameters_of_its_version(module)) {
    refuse("its preprocessing has other parameters than version " + std::to_string(info.preprocessing_version));
  }
  if ((matrix.isInt() ? matrix.toInt() : 0) != info.matrix) {
    refuse("its preprocessing has another matrix than the one described");
  }
}

void check_arguments(const torch::jit::Module& network, const NetworkArguments& arguments) {
  const auto model = network.attr("model", c10::IValue());
  if (!model.isModule()) {
    refuse("it has no model");
  }
  const auto normalize = model.toModule().attr("normalize", c10::IValue());
  const auto dropout = model.toModule().attr("dropout", c10::IValue());
  if (!normalize.isBool() || normalize.toBool() != arguments.normalize) {
    refuse("whether it normalizes is not what the arguments say");
  }
  if (!dropout.isDouble() || dropout.toDouble() != arguments.dropout) {
    refuse("its dropout is not that of the arguments");
  }
}

void check_methods(const torch::jit::Module& network) {
  for (const char* name : {"forward", "preprocess_images", "preprocess_kspace", "embed_images", "embed_kspace"}) {
    if (!network.find_method(name)) {
      refuse(std::string("its method ") + name + " is missing");
    }
  }
}

}  // namespace

void check_description(const torch::jit::Module& network, const Metadata& metadata) {
  check_methods(network);
  check_preprocessing(network, metadata.info);
  check_arguments(network, metadata.arguments);
}

}  // namespace mriembed::torch_backend
