#include "cli/interruption.hpp"

#include <array>
#include <atomic>
#include <csignal>

namespace mriembed::cli {

namespace {

constexpr std::array<int, 3> signals{SIGINT, SIGTERM, SIGHUP};

std::atomic<int> first_signal = 0;  // 0: none yet
static_assert(std::atomic<int>::is_always_lock_free, "a signal's handler may touch nothing that locks");

extern "C" void note_signal(int signal) {
  int none = 0;
  first_signal.compare_exchange_strong(none, signal);
}

}  // namespace

Interruption::Interruption() {
  first_signal = 0;
  for (const int signal : signals) {
    struct sigaction before{};
    sigaction(signal, nullptr, &before);
    if (before.sa_handler != SIG_IGN) {
      struct sigaction action{};
      action.sa_handler = note_signal;
      action.sa_flags = static_cast<int>(SA_RESTART | SA_RESETHAND);  // a second one finds the default again
      sigaction(signal, &action, nullptr);
    }
  }
}

Interruption::~Interruption() {
  for (const int signal : signals) {
    struct sigaction now{};
    sigaction(signal, nullptr, &now);
    if (now.sa_handler == note_signal) {
      static_cast<void>(std::signal(signal, SIG_DFL));
    }
  }
}

bool Interruption::requested() noexcept { return first_signal != 0; }

void Interruption::request() noexcept { note_signal(SIGTERM); }

int Interruption::exit_code() noexcept {
  constexpr int ended_by_signal = 128;
  return ended_by_signal + first_signal;
}

}  // namespace mriembed::cli
