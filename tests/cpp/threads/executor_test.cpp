#include "threads/executor.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cfenv>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <vector>

#include "mriembed/error.hpp"
#include "threads/available_cpus.hpp"
#include "threads/host_threads.hpp"

namespace mriembed::threads {
namespace {

std::vector<int> times_of(const Executor& executor, std::int64_t units) {
  std::vector<std::atomic<int>> times(static_cast<std::size_t>(units));
  executor.run(units, [&](std::int64_t unit, int participant) {
    EXPECT_LT(participant, executor.threads());
    ++times[static_cast<std::size_t>(unit)];
  });
  return {times.begin(), times.end()};
}

TEST(Executor, takes_no_more_threads_of_the_pool_than_there_are_processors) {
  EXPECT_EQ(Executor(0, {}).threads(), available_cpus());
  EXPECT_EQ(Executor(1, {}).threads(), 1);
  EXPECT_EQ(Executor(1000, {}).threads(), available_cpus());
}

TEST(Executor, takes_as_many_threads_of_the_host_as_it_is_told) {
  EXPECT_EQ(Executor(0, in_threads_of_the_host).threads(), available_cpus());
  EXPECT_EQ(Executor(7, in_threads_of_the_host).threads(), 7);
}

TEST(Executor, runs_every_unit_once_on_the_pool_and_on_the_host) {
  for (const std::int64_t units : {1, 2, 5, 100}) {
    const std::vector<int> once(static_cast<std::size_t>(units), 1);
    EXPECT_EQ(times_of(Executor(2, {}), units), once);
    EXPECT_EQ(times_of(Executor(5, in_threads_of_the_host), units), once);
  }
}

TEST(Executor, asks_the_host_for_no_more_tasks_than_units_or_threads) {
  std::vector<std::int64_t> asked;
  const Executor executor(3, [&](std::int64_t tasks, const std::function<void(std::int64_t)>& task) {
    asked.push_back(tasks);
    in_threads_of_the_host(tasks, task);
  });
  for (const std::int64_t units : {1, 2, 100}) {
    times_of(executor, units);
  }
  EXPECT_EQ(asked, (std::vector<std::int64_t>{2, 3}));  // one unit needs nobody
}

TEST(Executor, any_single_task_of_the_host_does_everything_that_the_others_have_not_begun) {
  for (const std::int64_t first : {0, 2}) {
    const Executor executor(3, [first](std::int64_t /*tasks*/, const std::function<void(std::int64_t)>& task) {
      task(first);
      task((first + 1) % 3);
      task((first + 2) % 3);
    });
    EXPECT_EQ(times_of(executor, 50), std::vector<int>(50, 1));
  }
}

TEST(Executor, refuses_a_host_that_runs_no_task) {
  const Executor executor(2, [](std::int64_t /*tasks*/, const std::function<void(std::int64_t)>& /*task*/) {});
  EXPECT_THROW(times_of(executor, 5), Error);
}

TEST(Executor, units_round_alike_in_every_thread_and_leave_the_settings_of_a_host_thread) {
  std::atomic<int> found = 0;
  const Executor executor(2, [&](std::int64_t tasks, const std::function<void(std::int64_t)>& task) {
    in_threads_of_the_host(tasks, [&](std::int64_t index) {
      std::fesetround(FE_UPWARD);
      task(index);
      found += std::fegetround() == FE_UPWARD ? 1 : 0;
    });
  });
  std::vector<float> thirds(64);
  executor.run(64, [&](std::int64_t unit, int /*participant*/) {
    const volatile float one = 1;
    thirds[static_cast<std::size_t>(unit)] = one / 3;
  });
  EXPECT_EQ(thirds, std::vector<float>(64, 0x1.555556p-2F));  // 1/3 rounded to nearest
  EXPECT_EQ(found, 2);
}

TEST(Executor, lets_failures_of_units_and_of_the_host_through) {
  const auto fail = [](std::int64_t unit, int /*participant*/) {
    if (unit == 2) {
      throw std::out_of_range("unit");
    }
  };
  EXPECT_THROW(Executor(1, {}).run(5, fail), std::out_of_range);
  EXPECT_THROW(Executor(2, {}).run(5, fail), std::out_of_range);
  EXPECT_THROW(Executor(3, in_threads_of_the_host).run(5, fail), std::out_of_range);
  const Executor failing(2, [](std::int64_t /*tasks*/, const std::function<void(std::int64_t)>& /*task*/) {
    throw std::domain_error("host");
  });
  EXPECT_THROW(times_of(failing, 5), std::domain_error);
}

}  // namespace
}  // namespace mriembed::threads
