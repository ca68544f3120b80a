// Options that several subcommands share, and checks of their values before any work is done.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "io/scan_reader.hpp"
#include "mriembed/embedder.hpp"

// CLI11's header takes the compiler seconds, and not all who include this one parse a command line.
namespace CLI {  // NOLINT(readability-identifier-naming): its own name
class App;
class Option;
class Validator;
}  // namespace CLI

namespace mriembed::cli {

// Accepts whole numbers from `lowest` to `highest`.
CLI::Validator whole_number(std::int64_t lowest, std::int64_t highest);

// Accepts numbers from `lowest` to `highest`.
CLI::Validator number_in(double lowest, double highest);

// --device, --precision, --threads, --memory, --backend and the trust options. `options` must outlive the
// parsing.
void add_engine_options(CLI::App& command, Options& options);

// --trust and --allow-unsealed. `trust` must outlive the parsing.
void add_trust_options(CLI::App& command, Trust& trust);

// Says so where a model file without a seal was loaded, as was asked for.
void warn_if_unsealed(const std::string& model, const ModelInfo& info);

// --input kspace|image. `domain` must outlive the parsing.
void add_input_option(CLI::App& command, std::optional<io::Domain>& domain);

// --noise FILE. `file` must outlive the parsing.
CLI::Option* add_noise_option(CLI::App& command, std::string& file);

// --limits FILE, of findings (limits_file.hpp). `file` must outlive the parsing.
CLI::Option* add_limits_option(CLI::App& command, std::string& file);

// --reference FILE, of noise (reference_file.hpp). `file` must outlive the parsing.
CLI::Option* add_reference_option(CLI::App& command, std::string& file);

// --group NAME. `group` must outlive the parsing.
void add_group_option(CLI::App& command, std::string& group);

// The public keys that signed a model file, or "nobody".
std::string signers_text(const ModelInfo& info);

std::string name_of(Precision precision);
std::string name_of(io::Domain domain);

// The precision that was asked for and, where it is another, by name what the network computes in.
std::string precision_text(Precision asked, const std::string& compute_dtype);

}  // namespace mriembed::cli
