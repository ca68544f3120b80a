#include <memory>
#include <string>

#include "cli/commands.hpp"
#include "cli/message.hpp"
#include "cli/option_checks.hpp"
#include "cli/standard_output.hpp"
#include "mriembed/embedder.hpp"
#include "text/number_text.hpp"
#include "text/text_table.hpp"

namespace mriembed::cli {

namespace {

struct Arguments {
  std::string model;
  Options options;
};

int verify(const Arguments& arguments) {
  const Embedder embedder = Embedder::load(arguments.model, arguments.options);
  warn_if_unsealed(arguments.model, embedder.info());
  const Verification result = embedder.verify();
  const bool exact = embedder.compute_dtype() == Precision::float32;
  write_standard_output(text::aligned_listing({
      {"model", arguments.model},
      {"seal", embedder.info().sealed ? "intact" : "none"},
      {"signed by", signers_text(embedder.info())},
      {"device", arguments.options.device},
      {"precision", precision_text(arguments.options.precision, name_of(embedder.compute_dtype()))},
      {"weights SHA-256",
       std::string(result.weights_match ? "match" : "DIFFER") + " (" + embedder.info().weights_sha256 + ")"},
      {"largest difference", text::scientific(result.largest_difference, 3)},
      {"cosine", text::fixed(result.cosine, 8)},
      {"tolerance", exact ? "largest difference at most 1e-5" : "cosine at least 0.999"},
      {"verdict", result.passed ? "passed" : "FAILED"},
  }));
  if (!result.passed) {
    print_error(arguments.model + ": " +
                (result.weights_match
                     ? "this machine does not reproduce the reference embedding; results here cannot be trusted"
                     : "the weights are not those that the file describes; export or copy it again"));
    return exit_code(ErrorCode::bad_model_file);
  }
  return 0;
}

}  // namespace

Action add_verify_options(CLI::App* command) {
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("MODEL", arguments->model, "Model file (.pt)")->type_name("")->required();
  add_engine_options(*command, arguments->options);
  command->footer("\nExit code 3 if they differ.");
  return [arguments] { return verify(*arguments); };
}

}  // namespace mriembed::cli
