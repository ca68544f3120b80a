// The commands of mriembed_cli around the MRD server.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"

namespace mriembed::server {

// As in cli/commands.hpp.
cli::Action add_serve_options(CLI::App* command);
cli::Action add_send_options(CLI::App* command);
cli::Action add_ping_options(CLI::App* command);

}  // namespace mriembed::server
