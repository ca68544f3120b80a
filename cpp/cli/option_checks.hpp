// Options that several subcommands share, and checks of their values before any work is done.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "io/scan_reader.hpp"
#include "mriembed/embedder.hpp"

namespace mriembed::cli {

// Accepts whole numbers from `lowest` to `highest`.
CLI::Validator whole_number(std::int64_t lowest, std::int64_t highest);

// --device, --precision, --threads and --no-fused-kernels. `options` must outlive the parsing.
void add_engine_options(CLI::App& command, Options& options);

// --input kspace|image. `domain` must outlive the parsing.
void add_input_option(CLI::App& command, std::optional<io::Domain>& domain);

std::string name_of(Precision precision);
std::string name_of(io::Domain domain);

}  // namespace mriembed::cli
