// mriembed_cli: embeddings of raw MRI scans on the command line.
#include <array>
#include <exception>
#include <new>

#include "commands.hpp"
#include "messages.hpp"

namespace {

int run(int argc, char** argv) {
  CLI::App program("Embeddings of raw multi-coil MRI scans: one vector for each slice.");
  program.name("mriembed_cli");
  program.set_version_flag("--version", "mriembed_cli " MRIEMBED_VERSION);
  program.require_subcommand(1);
  program.footer(
      "Exit status: 0 well, 1 internal error, 2 usage, 3 bad model file, 4 bad input, 5 device not available.\n"
      "mriembed_cli COMMAND --help says more.");
  const std::array commands{mriembed::cli::add_embed(program), mriembed::cli::add_inspect(program),
                            mriembed::cli::add_info(program), mriembed::cli::add_verify(program),
                            mriembed::cli::add_bench(program)};
  try {
    program.parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help, --version
    return program.exit(success);
  } catch (const CLI::ParseError& error) {
    mriembed::cli::print_error(std::string(error.what()) + "; see --help");
    return static_cast<int>(mriembed::ErrorCode::invalid_argument);
  }
  for (const mriembed::cli::Command& command : commands) {
    if (command.app->parsed()) {
      return command.run();
    }
  }
  return static_cast<int>(mriembed::ErrorCode::internal);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const mriembed::Error& error) {
    mriembed::cli::print_error(error.what());
    return static_cast<int>(error.code());
  } catch (const std::bad_alloc&) {
    mriembed::cli::print_error("out of memory");
  } catch (const std::exception& error) {
    mriembed::cli::print_error(error.what());
  } catch (...) {
    mriembed::cli::print_error("an exception of unknown type");
  }
  return static_cast<int>(mriembed::ErrorCode::internal);
}
