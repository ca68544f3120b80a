// Ctrl-C as a request: what is done so far is kept.
#pragma once

namespace mriembed::cli {

// While it lives, the first SIGINT, SIGTERM or SIGHUP is only noted, for the program to end by itself at the next good
// moment. The same signal once more ends the program at once, as without an Interruption. One at a time. A signal that
// the program was started to ignore (by nohup, or in the background of a script) stays ignored.
class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  // From any thread. Once it says yes, it says yes for ever.
  [[nodiscard]] static bool requested() noexcept;

  // As a signal does, from any thread: the program is to end by itself.
  static void request() noexcept;

  // The exit code of a program that this signal ended, by the shell's convention: 130 after SIGINT, 143 after
  // SIGTERM, 129 after SIGHUP. Once requested.
  [[nodiscard]] static int exit_code() noexcept;
};

}  // namespace mriembed::cli
