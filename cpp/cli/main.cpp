// mriembed_cli: the command line of libmriembed. Parses, dispatches to one file per subcommand, and turns every
// failure into one line on standard error and an exit code.
#include <CLI/CLI.hpp>
#include <array>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <system_error>

#include "cli/commands.hpp"
#include "cli/message.hpp"
#include "cli/standard_descriptors.hpp"
#include "cli/standard_output.hpp"
#include "mriembed/error.hpp"
#include "mriembed/version.h"
#include "server/server_commands.hpp"

namespace {

using mriembed::Error;
using mriembed::ErrorCode;

constexpr const char* footer = R"(
A first session:
  mriembed export -o model.pt                       write a model file (a command of the Python package)
  mriembed_cli inspect scan.h5                      describe a scan
  mriembed_cli check scan.h5                        name its faults
  mriembed_cli embed model.pt scan.h5 -o rows.npy   one embedding for each slice, described in rows.json

`mriembed_cli COMMAND --help` explains options and outputs of a command.

Exit codes: 0 success, 1 internal error, or the output cannot be written, 2 usage error, 3 invalid model file,
4 invalid input, 5 device unavailable, 6 out of memory, 10 a finding of `check` or `embed --check`,
129, 130 and 143 `embed` interrupted by SIGHUP, SIGINT and SIGTERM.)";

// Help and --version arrive as exceptions too, and are no failures.
int finish_parsing(const CLI::App& program, const CLI::ParseError& outcome) {
  if (outcome.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
    program.exit(outcome);
    mriembed::cli::flush_standard_output();
    return 0;
  }
  const auto chosen = program.get_subcommands();
  std::string name = "mriembed_cli";
  std::string reason = outcome.what();
  if (!chosen.empty()) {
    name += " " + chosen.front()->get_name();
  } else if (const auto unknown = program.remaining(); unknown.empty()) {
    reason = "a command is missing";
  } else {
    reason = "\"" + unknown.front() + "\" is not a command";
  }
  throw Error(ErrorCode::invalid_argument, reason + "; see `" + name + " --help`");
}

struct Command {
  const char* name;
  const char* purpose;
  mriembed::cli::Action (*add_options)(CLI::App* command);
};

constexpr std::array<Command, 9> commands{{
    {"info", "Describe a model file", mriembed::cli::add_info_options},
    {"verify", "Compare this machine's embedding of the reference slice with the model file's",
     mriembed::cli::add_verify_options},
    {"inspect", "Describe scans and their coils", mriembed::cli::add_inspect_options},
    {"check", "Name broken coils, receivers and interference", mriembed::cli::add_check_options},
    {"embed", "Embed every slice of scans", mriembed::cli::add_embed_options},
    {"bench", "Measure the time of a call on this machine", mriembed::cli::add_bench_options},
    {"serve", "Embed scans while they are measured (MRD stream server)", mriembed::server::add_serve_options},
    {"send", "Send a scan to a service of `serve`, as a scanner does", mriembed::server::add_send_options},
    {"ping", "Ask a service of `serve` for its state", mriembed::server::add_ping_options},
}};

int run(int count, char** arguments) {
  CLI::App program("Computes one embedding for each slice of raw multi-coil MRI scans, with a mriembed model file.",
                   "mriembed_cli");
  program.set_version_flag("--version", "mriembed_cli " MRIEMBED_VERSION);
  program.require_subcommand(1);
  mriembed::cli::Action action;
  for (const Command& command : commands) {
    CLI::App* const parser = program.add_subcommand(command.name, command.purpose);
    // Only the command that is called needs its options: to add them all takes a sixteenth of a start.
    parser->preparse_callback(
        [&action, &command, parser](std::size_t /*remaining*/) { action = command.add_options(parser); });
  }
  program.footer(footer);  // after the subcommands, which would inherit it
  try {
    program.parse(count, arguments);
  } catch (const CLI::ParseError& outcome) {
    return finish_parsing(program, outcome);
  }
  const int status = action();
  mriembed::cli::flush_standard_output();
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  mriembed::cli::reserve_standard_descriptors();
  static_cast<void>(std::signal(SIGXFSZ, SIG_IGN));  // a limit of file sizes (ulimit -f) then reads as a full disk does
  constexpr int internal = static_cast<int>(ErrorCode::internal);
  try {
    try {
      return run(argc, argv);
    } catch (const Error& error) {
      mriembed::cli::print_error(error.what());
      return mriembed::cli::exit_code(error.code());
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::system_error& error) {
      const bool thread = error.code() == std::errc::resource_unavailable_try_again;
      mriembed::cli::print_error(std::string(thread ? "the system cannot start another thread: " : "") + error.what());
      return internal;
    } catch (const std::exception& error) {
      mriembed::cli::print_error(error.what());
      return internal;
    }
  } catch (const std::bad_alloc&) {  // also from putting a message together
    std::fputs("mriembed_cli: error: out of memory; a smaller --batch needs less\n", stderr);
    return static_cast<int>(ErrorCode::out_of_memory);
  } catch (...) {
    std::fputs("mriembed_cli: error: an exception of unknown type\n", stderr);
  }
  return internal;
}
