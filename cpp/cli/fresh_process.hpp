// This program once more, in a process of its own.
#pragma once

#include <chrono>
#include <string>

namespace mriembed::cli {

struct FreshProcess {
  std::chrono::steady_clock::time_point start;  // right before; the clock is the same in all processes
  int status = 0;                               // its exit status; 128 and more: the signal that ended it
  std::string output;                           // what it wrote to standard output; standard error is shared
};

// Runs this program with the same arguments and `option` after them, and waits for its end. Throws Error (internal).
FreshProcess run_again_with(const std::string& option);

}  // namespace mriembed::cli
