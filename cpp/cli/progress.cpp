#include "cli/progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>

#include "text/one_line.hpp"

namespace mriembed::cli {

namespace {

constexpr const char* wipe_line = "\r\x1b[K";

// A line that wraps could not be wiped again.
std::size_t columns_of_terminal() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 80;
}

}  // namespace

Progress::Progress() : terminal_(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() { clear(); }

void Progress::show(const std::string& text) {
  const auto now = std::chrono::steady_clock::now();
  if (!terminal_ || now < next_) {
    return;
  }
  next_ = now + std::chrono::milliseconds(100);
  const std::string line = wipe_line + text::one_line(text).substr(0, columns_of_terminal() - 1);
  std::fwrite(line.data(), 1, line.size(), stderr);
  shown_ = true;
}

void Progress::clear() {
  if (shown_) {
    std::fputs(wipe_line, stderr);
    shown_ = false;
  }
}

}  // namespace mriembed::cli
