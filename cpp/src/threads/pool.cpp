#include "threads/pool.hpp"

#include <pthread.h>

#include <algorithm>

#include "threads/available_cpus.hpp"
#include "threads/helper.hpp"
#include "threads/region.hpp"

namespace mriembed::threads {

namespace {

std::atomic<Pool*> process_pool = nullptr;

// The threads of the parent's pool do not exist in a child: what is left of it is forgotten, not destroyed, for that
// would wait for them.
[[maybe_unused]] const int forgotten_in_children =
    pthread_atfork(nullptr, nullptr, [] { process_pool.store(nullptr, std::memory_order_relaxed); });

// When the library is unloaded, or the program ends, no helper may be left that runs its code.
struct EndsWithTheLibrary {
  ~EndsWithTheLibrary() {
    if (Pool* const pool = process_pool.exchange(nullptr)) {
      Pool::end(std::unique_ptr<Pool>(pool));
    }
  }
};
[[maybe_unused]] const EndsWithTheLibrary ends_with_the_library;

}  // namespace

Pool::Pool(int cpus) : cpus_(std::max(1, cpus)) {
  helpers_.reserve(static_cast<std::size_t>(cpus_ - 1));
  for (int index = 1; index < cpus_; ++index) {
    helpers_.push_back(std::make_unique<Helper>(*this));
  }
}

Pool::~Pool() {
  for (const std::unique_ptr<Helper>& helper : helpers_) {
    helper->end();
  }
}

void Pool::end(std::unique_ptr<Pool> pool) {
  for (const std::unique_ptr<Helper>& helper : pool->helpers_) {
    helper->end();
  }
  if (pool->callers_.load() > 0) {
    // The program ends while some thread still works: alone, from now on.
    [[maybe_unused]] const Pool* const left = pool.release();
  }
}

Pool* Pool::started() noexcept { return process_pool.load(std::memory_order_acquire); }

// No lock: a child forked while another thread held it would wait for ever.
Pool& Pool::of_process() {
  Pool* pool = process_pool.load(std::memory_order_acquire);
  if (pool == nullptr) {
    auto made = std::make_unique<Pool>(available_cpus());
    if (process_pool.compare_exchange_strong(pool, made.get(), std::memory_order_acq_rel)) {
      pool = made.release();
    }
  }
  return *pool;
}

void Pool::run(std::int64_t units, int threads, UnitWork work) {
  if (units < 1) {
    return;
  }
  const int helpers = static_cast<int>(std::min<std::int64_t>({threads - 1, places(), units - 1}));
  if (helpers < 1) {
    run_alone(units, work);
    return;
  }
  const auto region = std::make_shared<Region>(units, 1 + helpers, work);
  recruit(region, 2);
  region->participate(0, [] { return false; });
  region->wait();
  region->rethrow();
}

// Waking a thread takes the waker some microseconds: each helper that comes wakes two more, as long as there are
// places. Idle helpers come first; another may be about to end what the caller did before this, or to wake up for it.
void Pool::recruit(const std::shared_ptr<Region>& region, int most) {
  for (const bool idle : {true, false}) {
    for (const std::unique_ptr<Helper>& helper : helpers_) {
      if (most == 0) {
        return;
      }
      if (helper->idle() == idle && helper->offer(region)) {
        --most;
      }
    }
  }
}

}  // namespace mriembed::threads
