#include <iostream>
#include <memory>

#include "commands.hpp"
#include "messages.hpp"

namespace mriembed::cli {

Command add_verify(CLI::App& program) {
  struct Arguments {
    std::string model;
    Options options;
  };
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* app = program.add_subcommand(
      "verify", "Check a model file: its weights' SHA-256, and its reference embedding on this machine");
  app->add_option("MODEL", arguments->model, "model file (.pt)")->required();
  add_embedder_options(*app, arguments->options);
  return {app, [arguments] {
            const Embedder embedder = Embedder::load(arguments->model, arguments->options);
            const Verification result = embedder.verify();
            const bool single = arguments->options.precision == Precision::float32;
            std::cout << "weights SHA-256      " << embedder.info().weights_sha256 << " (as stated)\n"
                      << "reference embedding  on " << arguments->options.device << " in "
                      << name_of(arguments->options.precision) << ": largest difference " << result.largest_difference
                      << (single ? " (at most 1e-05)" : "") << ", cosine " << result.cosine
                      << (single ? "" : " (at least 0.999)") << '\n'
                      << (result.passed ? "verified" : "NOT verified") << '\n';
            if (!result.passed) {
              print_error(arguments->model + ": this machine does not reproduce the model file's reference embedding");
              return static_cast<int>(ErrorCode::bad_model_file);
            }
            return 0;
          }};
}

void add_embedder_options(CLI::App& app, Options& options) {
  app.add_option("--device", options.device, "cpu, cuda or cuda:N")->capture_default_str();
  app.add_option_function<std::string>(
         "--precision",
         [&options](const std::string& name) {
           options.precision = name == "float16"    ? Precision::float16
                               : name == "bfloat16" ? Precision::bfloat16
                                                    : Precision::float32;
         },
         "arithmetic of the network: float32, bfloat16, or float16 (GPU)")
      ->check(CLI::IsMember({"float32", "bfloat16", "float16"}))
      ->default_str("float32");
  app.add_option("--threads", options.threads, "CPU threads; 0: as many as torch would take")
      ->check(CLI::Range(0, 4096))
      ->capture_default_str();
}

std::string name_of(Precision precision) {
  switch (precision) {
    case Precision::float32:
      return "float32";
    case Precision::bfloat16:
      return "bfloat16";
    case Precision::float16:
      return "float16";
  }
  return "unknown";
}

}  // namespace mriembed::cli
