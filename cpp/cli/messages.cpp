#include "messages.hpp"

#include <unistd.h>

#include <iostream>

namespace mriembed::cli {

void print_error(const std::string& message) { std::cerr << "mriembed_cli: error: " << message << '\n'; }

void print_note(const std::string& message) { std::cerr << "mriembed_cli: note: " << message << '\n'; }

Progress::Progress() : terminal_(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (shown_) {
    std::cerr << "\r\033[K" << std::flush;
  }
}

void Progress::show(const std::string& text) {
  if (terminal_) {
    std::cerr << "\r\033[K" << text << std::flush;
    shown_ = true;
  }
}

}  // namespace mriembed::cli
