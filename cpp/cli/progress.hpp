// One line of progress that replaces itself.
#pragma once

#include <chrono>
#include <string>

namespace mriembed::cli {

// Writes to standard error, and only where that is a terminal: logs and pipes stay clean.
class Progress {
 public:
  Progress();
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Shows `text`; skipped while the last one is younger than a tenth of a second.
  void show(const std::string& text);

  // Wipes the line; before anything else is printed.
  void clear();

 private:
  bool terminal_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace mriembed::cli
