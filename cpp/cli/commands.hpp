// The subcommands of mriembed_cli.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace mriembed::cli {

// A subcommand: its parser inside the program's, and what to do once that has parsed the command line. `run`
// returns the exit code or throws mriembed::Error, whose code is the exit code then.
struct Command {
  const CLI::App* parser = nullptr;
  std::function<int()> run;
};

Command add_info_command(CLI::App& program);     // what a model file says of itself
Command add_verify_command(CLI::App& program);   // a model file's reference embedding on this machine
Command add_inspect_command(CLI::App& program);  // what scan files hold
Command add_check_command(CLI::App& program);    // what is broken in scans
Command add_embed_command(CLI::App& program);    // scan files to embeddings
Command add_bench_command(CLI::App& program);    // time of one call

}  // namespace mriembed::cli
