#include "threads/pool.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): pthread_sigmask is POSIX
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace mriembed::threads {
namespace {

using namespace std::chrono_literals;

// How often each of `units` units was run, and by whom.
struct Runs {
  explicit Runs(std::int64_t units) : times(static_cast<std::size_t>(units)) {}

  void operator()(std::int64_t unit, int participant) {
    ++times[static_cast<std::size_t>(unit)];
    const std::scoped_lock lock(mutex);
    participants.insert(participant);
    threads.insert(std::this_thread::get_id());
  }

  std::vector<std::atomic<int>> times;
  std::mutex mutex;
  std::set<int> participants;
  std::set<std::thread::id> threads;
};

bool each_once(const Runs& runs) {
  return std::all_of(runs.times.begin(), runs.times.end(), [](const auto& times) { return times == 1; });
}

TEST(Pool, runs_every_unit_once_whatever_the_number_of_units_and_threads) {
  for (const int cpus : {1, 2, 5}) {
    Pool pool(cpus);
    for (const std::int64_t units : {1, 2, 3, 17, 1000}) {
      for (const int threads : {1, 2, 3, 8}) {
        Runs runs(units);
        pool.run(units, threads, [&](std::int64_t unit, int participant) { runs(unit, participant); });
        EXPECT_TRUE(each_once(runs)) << units << " units, " << threads << " threads, " << cpus << " processors";
        EXPECT_LE(runs.threads.size(), static_cast<std::size_t>(std::min(threads, cpus)));
        EXPECT_LT(*runs.participants.rbegin(), threads);
      }
    }
  }
}

TEST(Pool, leaves_a_caller_its_units_when_it_ends_meanwhile) {
  auto pool = std::make_unique<Pool>(4);
  Pool& used = *pool;  // stays where it is: somebody is in it
  Runs runs(50);
  std::atomic<bool> begun = false;
  std::thread caller([&] {
    const Pool::Presence presence(used);
    used.run(50, 4, [&](std::int64_t unit, int participant) {
      begun = true;
      std::this_thread::sleep_for(1ms);
      runs(unit, participant);
    });
  });
  while (!begun) {
    std::this_thread::yield();
  }
  Pool::end(std::move(pool));
  caller.join();
  EXPECT_TRUE(each_once(runs));
  Runs alone(5);
  used.run(5, 4, [&](std::int64_t unit, int participant) { alone(unit, participant); });
  EXPECT_TRUE(each_once(alone));
  EXPECT_EQ(alone.threads.size(), 1U);
  const std::unique_ptr<Pool> forgotten(&used);
}

TEST(Pool, runs_nothing_where_there_is_nothing_to_do) {
  Pool pool(2);
  pool.run(0, 2, [](std::int64_t /*unit*/, int /*participant*/) { FAIL(); });
}

TEST(Pool, shares_units_with_helpers) {
  Pool pool(3);
  for (int attempt = 0; attempt < 100; ++attempt) {
    Runs runs(64);
    pool.run(64, 3, [&](std::int64_t unit, int participant) {
      runs(unit, participant);
      std::this_thread::sleep_for(1ms);
    });
    if (runs.threads.size() == 3) {
      return;
    }
  }
  FAIL() << "no run met two helpers";
}

TEST(Pool, wakes_a_sleeping_helper_on_another_processor_than_the_callers) {
  cpu_set_t cpus;
  ASSERT_EQ(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
  if (CPU_COUNT(&cpus) < 2) {
    GTEST_SKIP() << "one processor is all there is";
  }
  Pool pool(2);
  int came = 0;  // on a busy machine a helper may come too late
  int elsewhere = 0;
  for (int wake = 0; wake < 20; ++wake) {
    std::this_thread::sleep_for(5ms);  // the helper sleeps
    std::array<std::atomic<int>, 2> processor{-1, -1};
    const auto begun = std::chrono::steady_clock::now();
    pool.run(2, 2, [&](std::int64_t, int participant) {
      processor.at(static_cast<std::size_t>(participant)) = sched_getcpu();
      while (processor[1] < 0 && std::chrono::steady_clock::now() - begun < 50ms) {
      }
    });
    if (processor[1] >= 0) {
      ++came;
      elsewhere += processor[0] != processor[1] ? 1 : 0;
    }
  }
  EXPECT_GE(2 * elsewhere, came);  // the scheduler may move either
}

TEST(Pool, a_woken_helper_may_run_on_every_processor_of_the_process) {
  cpu_set_t cpus;
  ASSERT_EQ(sched_getaffinity(getpid(), sizeof(cpus), &cpus), 0);
  Pool pool(2);
  bool helped = false;
  for (int wake = 0; wake < 100 && !helped; ++wake) {
    std::this_thread::sleep_for(5ms);  // the helper sleeps
    cpu_set_t allowed;
    std::atomic<bool> came = false;
    const auto begun = std::chrono::steady_clock::now();
    pool.run(2, 2, [&](std::int64_t, int participant) {
      if (participant == 1) {
        sched_getaffinity(0, sizeof(allowed), &allowed);
        came = true;
      }
      while (!came && std::chrono::steady_clock::now() - begun < 50ms) {
      }
    });
    if (came) {
      helped = true;
      EXPECT_TRUE(CPU_EQUAL(&allowed, &cpus));
    }
  }
  EXPECT_TRUE(helped);
}

TEST(Pool, does_not_wait_for_helpers_that_do_not_come) {
  Pool pool(2);
  std::atomic<bool> held = false;
  std::atomic<bool> let_go = false;
  // Another caller keeps the only helper in a unit for as long as this test takes.
  std::jthread other([&] {
    const auto caller = std::this_thread::get_id();
    pool.run(2, 2, [&](std::int64_t /*unit*/, int /*participant*/) {
      if (std::this_thread::get_id() == caller) {
        while (!held && !let_go) {
          std::this_thread::yield();
        }
        return;
      }
      held = true;
      held.notify_all();
      while (!let_go) {
        std::this_thread::yield();
      }
    });
  });
  held.wait(false);
  Runs runs(100);
  pool.run(100, 2, [&](std::int64_t unit, int participant) { runs(unit, participant); });
  EXPECT_TRUE(each_once(runs));
  EXPECT_EQ(runs.threads, std::set{std::this_thread::get_id()});
  let_go = true;
}

TEST(Pool, throws_what_the_first_unit_that_failed_threw_after_all_have_run) {
  for (const int cpus : {1, 4}) {
    Pool pool(cpus);
    for (int attempt = 0; attempt < 50; ++attempt) {
      Runs runs(20);
      try {
        pool.run(20, 4, [&](std::int64_t unit, int participant) {
          runs(unit, participant);
          if (unit % 5 == 3) {
            throw std::runtime_error(std::to_string(unit));
          }
        });
        FAIL() << "nothing was thrown";
      } catch (const std::runtime_error& error) {
        EXPECT_STREQ(error.what(), "3");
      }
      EXPECT_TRUE(each_once(runs));
    }
  }
}

TEST(Pool, callers_that_fill_the_processors_work_alone) {
  Pool pool(2);
  const Pool::Presence one(pool);
  const Pool::Presence two(pool);
  for (int attempt = 0; attempt < 50; ++attempt) {
    Runs runs(50);
    pool.run(50, 2, [&](std::int64_t unit, int participant) {
      runs(unit, participant);
      std::this_thread::sleep_for(20us);
    });
    EXPECT_EQ(runs.threads.size(), 1U);
  }
}

TEST(Pool, many_callers_get_their_own_units) {
  Pool pool(4);
  std::vector<std::jthread> callers;
  callers.reserve(8);
  std::atomic<int> wrong = 0;
  for (int caller = 0; caller < 8; ++caller) {
    callers.emplace_back([&] {
      for (int turn = 0; turn < 200; ++turn) {
        const Pool::Presence presence(pool);
        Runs runs(1 + turn % 37);
        pool.run(1 + turn % 37, 4, [&](std::int64_t unit, int participant) { runs(unit, participant); });
        if (!each_once(runs)) {
          ++wrong;
        }
      }
    });
  }
  callers.clear();
  EXPECT_EQ(wrong, 0);
}

TEST(Pool, what_units_wrote_is_there_when_the_run_has_ended) {
  Pool pool(4);
  std::vector<std::int64_t> values(1000);
  for (std::int64_t turn = 0; turn < 200; ++turn) {
    pool.run(1000, 4,
             [&](std::int64_t unit, int /*participant*/) { values[static_cast<std::size_t>(unit)] += unit * turn; });
  }
  for (std::int64_t unit = 0; unit < 1000; ++unit) {
    EXPECT_EQ(values[static_cast<std::size_t>(unit)], unit * 199 * 200 / 2);
  }
}

TEST(Pool, helpers_take_no_signals_of_the_process) {
  Pool pool(2);
  std::atomic<bool> open = false;
  for (int attempt = 0; attempt < 100; ++attempt) {
    const auto caller = std::this_thread::get_id();
    std::atomic<int> helped = 0;
    pool.run(64, 2, [&](std::int64_t /*unit*/, int /*participant*/) {
      if (std::this_thread::get_id() != caller) {
        sigset_t blocked;
        pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
        open = open || sigismember(&blocked, SIGINT) == 0 || sigismember(&blocked, SIGTERM) == 0;
        ++helped;
      }
      std::this_thread::sleep_for(100us);
    });
    if (helped > 0) {
      EXPECT_FALSE(open);
      return;
    }
  }
  FAIL() << "no run met a helper";
}

TEST(Pool, of_the_process_is_one) { EXPECT_EQ(&Pool::of_process(), &Pool::of_process()); }

// Forks, runs units in the child's pool and reports whether it was another one than the parent's and ran them all.
bool child_has_a_pool_of_its_own() {
  const Pool* const parents = &Pool::of_process();
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);  // ends a child that hangs
    std::atomic<int> runs = 0;
    Pool::of_process().run(100, 8, [&](std::int64_t /*unit*/, int /*participant*/) { ++runs; });
    _exit(&Pool::of_process() != parents && runs == 100 ? 0 : 1);
  }
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(Pool, of_a_forked_child_is_its_own) {
#ifdef MRIEMBED_THREAD_SANITIZER
  GTEST_SKIP() << "ThreadSanitizer forbids threads in a child of a process that has some";
#endif
  EXPECT_TRUE(child_has_a_pool_of_its_own());
}

TEST(Pool, of_a_child_that_is_forked_amid_runs_is_its_own) {
#if defined(MRIEMBED_THREAD_SANITIZER)
  GTEST_SKIP() << "ThreadSanitizer forbids threads in a child of a process that has some";
#elif defined(MRIEMBED_ADDRESS_SANITIZER)
  // github.com/llvm/llvm-project/pull/75290: without it, the child waits for a lock of the allocator that a thread of
  // the parent held.
  GTEST_SKIP() << "AddressSanitizer before LLVM 18 and GCC 15 allows no fork while another thread allocates";
#endif
  std::atomic<bool> end = false;
  std::jthread busy([&] {
    while (!end) {
      Pool::of_process().run(10, 2, [](std::int64_t /*unit*/, int /*participant*/) {});
    }
  });
  for (int turn = 0; turn < 20; ++turn) {
    EXPECT_TRUE(child_has_a_pool_of_its_own());
  }
  end = true;
}

}  // namespace
}  // namespace mriembed::threads
