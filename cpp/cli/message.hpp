// Messages for people, on standard error: one line each.
#pragma once

#include <string>
#include <string_view>

#include "mriembed/error.hpp"

namespace mriembed::cli {

// `text` on one line, in UTF-8: control characters and Unicode's separators of lines become spaces, so that neither a
// line break in a message nor a terminal escape in a file's name gets through.
std::string one_line(std::string_view text);

// The same text, with U+FFFD in the place of what is no UTF-8.
std::string valid_utf8(std::string_view text);

// "mriembed_cli: error: MESSAGE"; MESSAGE reads "FILE: what is wrong; what would be right".
void print_error(std::string_view message);

// "mriembed_cli: note: MESSAGE", for what a user should know although the work goes on.
void print_note(std::string_view message);

// "mriembed_cli: warning: MESSAGE", for a risk that the user asked to take.
void print_warning(std::string_view message);

// The same failure with the file's name in front; scan readers and the library do not know it.
Error about_file(const std::string& file, const Error& error);

// The exit status of the program after this failure.
int exit_status(ErrorCode code);

}  // namespace mriembed::cli
