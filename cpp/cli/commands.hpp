// The commands of mriembed_cli.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace mriembed::cli {

// What a command does once the command line is parsed. Returns the exit code or throws mriembed::Error, whose code is
// the exit code then.
using Action = std::function<int()>;

// Each adds the options of its command, which the action reads.
Action add_info_options(CLI::App* command);
Action add_verify_options(CLI::App* command);
Action add_inspect_options(CLI::App* command);
Action add_check_options(CLI::App* command);
Action add_embed_options(CLI::App* command);
Action add_bench_options(CLI::App* command);

}  // namespace mriembed::cli
