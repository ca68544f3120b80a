// The subcommands of mriembed_cli. Each adds itself to the program and returns what runs it.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "mriembed/embedder.hpp"

namespace mriembed::cli {

// Returns the exit status; may throw mriembed::Error, whose code is the exit status then.
using Run = std::function<int()>;

struct Command {
  CLI::App* app = nullptr;
  Run run;
};

Command add_info(CLI::App& program);
Command add_verify(CLI::App& program);
Command add_inspect(CLI::App& program);
Command add_embed(CLI::App& program);
Command add_bench(CLI::App& program);

// --device, --precision and --threads, alike for every command that loads a model.
void add_embedder_options(CLI::App& app, Options& options);

std::string name_of(Precision precision);

}  // namespace mriembed::cli
