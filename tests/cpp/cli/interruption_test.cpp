#include "cli/interruption.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <utility>

namespace {

using mriembed::cli::Interruption;

// Each in a process of its own: a signal that ends the program must not end the tests.
template <typename Work>
int status_of(const Work& work) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {  // ignored where the tests run in the background of a script
    static_cast<void>(std::signal(signal, SIG_DFL));
  }
  std::exit(work());  // NOLINT(concurrency-mt-unsafe): the process of a death test has one thread
}

TEST(InterruptionDeathTest, notes_the_first_signal_and_names_the_exit_code) {
  for (const auto& [sent, status] : {std::pair(SIGINT, 130), std::pair(SIGTERM, 143), std::pair(SIGHUP, 129)}) {
    EXPECT_EXIT(status_of([signal = sent] {
                  const Interruption interruption;
                  if (Interruption::requested()) {
                    return 1;
                  }
                  std::raise(signal);
                  return Interruption::requested() ? Interruption::exit_code() : 2;
                }),
                testing::ExitedWithCode(status), "");
  }
}

TEST(InterruptionDeathTest, the_same_signal_once_more_ends_the_program) {
  EXPECT_EXIT(status_of([] {
                const Interruption interruption;
                std::raise(SIGINT);
                std::raise(SIGINT);
                return 0;
              }),
              testing::KilledBySignal(SIGINT), "");
}

TEST(InterruptionDeathTest, the_first_of_two_signals_gives_the_exit_code) {
  EXPECT_EXIT(status_of([] {
                const Interruption interruption;
                std::raise(SIGTERM);
                std::raise(SIGINT);
                return Interruption::exit_code();
              }),
              testing::ExitedWithCode(143), "");
}

TEST(InterruptionDeathTest, a_signal_ignored_from_the_start_stays_ignored) {
  EXPECT_EXIT(status_of([] {
                static_cast<void>(std::signal(SIGINT, SIG_IGN));
                const Interruption interruption;
                std::raise(SIGINT);
                std::raise(SIGINT);
                return Interruption::requested() ? 1 : 0;
              }),
              testing::ExitedWithCode(0), "");
}

TEST(InterruptionDeathTest, afterwards_signals_end_the_program_as_before) {
  EXPECT_EXIT(status_of([] {
                {
                  const Interruption interruption;
                }
                std::raise(SIGINT);
                return 0;
              }),
              testing::KilledBySignal(SIGINT), "");
}

}  // namespace
