// What the program says on standard error: one line a message, and progress where somebody watches.
#pragma once

#include <cstdint>
#include <string>

namespace mriembed::cli {

void print_error(const std::string& message);
void print_note(const std::string& message);

// A line that is written over and over, on a terminal only; gone when the object is.
class Progress {
 public:
  Progress();
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void show(const std::string& text);

 private:
  bool terminal_;
  bool shown_ = false;
};

}  // namespace mriembed::cli
