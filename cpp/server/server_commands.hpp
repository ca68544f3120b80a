// The subcommands of mriembed_cli around the MRD server.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"

namespace mriembed::server {

cli::Command add_serve_command(CLI::App& program);  // scans that come over the network
cli::Command add_send_command(CLI::App& program);   // a scan to a server
cli::Command add_ping_command(CLI::App& program);   // whether a server is well

}  // namespace mriembed::server
