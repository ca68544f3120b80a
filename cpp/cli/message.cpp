#include "cli/message.hpp"

#include <cstdio>

#include "text/one_line.hpp"

namespace mriembed::cli {

namespace {

void print_line(std::string_view kind, std::string_view message) {
  // One call for the whole line: lines of two programs on one terminal do not mix.
  const std::string line = "mriembed_cli: " + std::string(kind) + ": " + text::one_line(message) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace

void print_error(std::string_view message) { print_line("error", message); }

void print_note(std::string_view message) { print_line("note", message); }

void print_warning(std::string_view message) { print_line("warning", message); }

int exit_code(ErrorCode code) { return static_cast<int>(code); }

}  // namespace mriembed::cli
