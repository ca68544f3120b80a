// Messages for people, on standard error: one line each.
#pragma once

#include <string>
#include <string_view>

#include "mriembed/error.hpp"

namespace mriembed::cli {

// "mriembed_cli: error: MESSAGE"; MESSAGE reads "FILE: what is wrong; what would be right".
void print_error(std::string_view message);

// "mriembed_cli: note: MESSAGE", for what a user should know although the work goes on.
void print_note(std::string_view message);

// "mriembed_cli: warning: MESSAGE", for a risk that the user asked to take.
void print_warning(std::string_view message);

// The exit code of the program after this failure.
int exit_code(ErrorCode code);

// The exit code where all went well, and `check` has a finding.
constexpr int exit_with_findings = 10;

}  // namespace mriembed::cli
