#include "threads/executor.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "mriembed/error.hpp"
#include "threads/available_cpus.hpp"
#include "threads/region.hpp"

namespace mriembed::threads {

namespace {

int threads_of(int threads, bool of_host) {
  if (of_host && threads > 0) {
    return threads;
  }
  const int cpus = available_cpus();
  return threads > 0 ? std::min(threads, cpus) : cpus;
}

}  // namespace

Executor::Executor(int threads, ParallelFor parallel_for)
    : threads_(threads_of(threads, parallel_for != nullptr)), parallel_for_(std::move(parallel_for)) {}

void Executor::run(std::int64_t units, UnitWork work) const {
  const auto tasks = std::min<std::int64_t>(threads_, units);
  if (tasks <= 1) {
    run_alone(units, work);
    return;
  }
  if (!parallel_for_) {
    Pool::of_process().run(units, threads_, work);
    return;
  }
  const auto region = std::make_shared<Region>(units, static_cast<int>(tasks), work);
  parallel_for_(tasks,
                [&region](std::int64_t task) { region->participate(static_cast<int>(task), [] { return false; }); });
  if (!region->done()) {
    throw Error(ErrorCode::internal, "the host's parallel_for returned before every task had run");
  }
  region->rethrow();
}

}  // namespace mriembed::threads
