#include "threads/helper.hpp"

#include <pthread.h>
#include <sched.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): pthread_sigmask is POSIX
#include <time.h>    // NOLINT(modernize-deprecated-headers): clock_gettime is POSIX
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "threads/pool.hpp"
#include "threads/region.hpp"
#include "threads/spin.hpp"

namespace mriembed::threads {

namespace {

using namespace std::chrono_literals;

// A helper that was runnable for so long without running shares its processor with somebody.
constexpr auto noticeable = 150us;
constexpr auto shortest_rest = 8ms;
constexpr auto longest_rest = 1024ms;

// Processor time of the calling thread.
std::chrono::nanoseconds processor_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// The thread that made a helper may be pinned to a processor of its own; the process's main thread has the mask of the
// process.
std::optional<cpu_set_t> cpus_of_process() {
  cpu_set_t mask;
  return sched_getaffinity(getpid(), sizeof(mask), &mask) == 0 ? std::optional(mask) : std::nullopt;
}

void use_all_cpus() {
  if (const std::optional<cpu_set_t> cpus = cpus_of_process()) {
    sched_setaffinity(0, sizeof(*cpus), &*cpus);
  }
}

// Signals are for the threads of the program, whose handlers may expect to run in one of them.
class NoSignals {
 public:
  NoSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~NoSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  NoSignals(const NoSignals&) = delete;
  NoSignals& operator=(const NoSignals&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

Helper::Helper(Pool& pool) : pool_(pool) {
  const NoSignals inherited;
  thread_ = std::thread([this] { live(); });
}

Helper::~Helper() {
  end();
  const std::unique_ptr<Offer> left(offer_.exchange(nullptr));
}

void Helper::end() {
  if (!thread_.joinable()) {
    return;
  }
  ended_.store(true);
  calls_.fetch_add(1);
  calls_.notify_one();
  thread_.join();
}

bool Helper::offer(const std::shared_ptr<Region>& region) {
  const Clock::rep rest_until = rest_until_.load(std::memory_order_relaxed);
  if (rest_until != 0 && Clock::now().time_since_epoch().count() < rest_until) {
    return false;
  }
  const std::unique_ptr<Offer> forgotten(
      offer_.exchange(std::make_unique<Offer>(region).release(), std::memory_order_acq_rel));
  wake();
  return true;
}

// A sleeping helper is woken on another processor than the caller's. Kernels may wake a thread where the one that wakes
// it runs, if they keep processors of a virtual machine idle: both would share one processor for milliseconds. The
// helper takes all processors of the process again as soon as it runs.
void Helper::wake() {
  if (const int sleeper = sleeper_.load(std::memory_order_relaxed)) {
    if (std::optional<cpu_set_t> others = cpus_of_process()) {
      CPU_CLR(sched_getcpu(), &*others);
      sched_setaffinity(sleeper, sizeof(*others), &*others);
    }
  }
  calls_.fetch_add(1, std::memory_order_acq_rel);
  calls_.notify_one();
}

void Helper::live() {
  pthread_setname_np(pthread_self(), "mriembed");
  use_all_cpus();
  while (const std::unique_ptr<Offer> region = next_offer()) {
    help(*region);
  }
}

// What is offered next, or nothing once the helper has been ended. Reading calls_ before looking loses no call: one
// that comes in between changes it, and nobody falls asleep.
std::unique_ptr<Helper::Offer> Helper::next_offer() {
  for (;;) {
    const std::uint32_t calls = calls_.load(std::memory_order_acquire);
    const auto something = [this] {
      return offer_.load(std::memory_order_relaxed) != nullptr || ended_.load(std::memory_order_relaxed);
    };
    if (something() || spin_until(something)) {
      if (ended_.load()) {
        return nullptr;
      }
      return std::unique_ptr<Offer>(offer_.exchange(nullptr, std::memory_order_acq_rel));
    }
    sleeper_.store(gettid(), std::memory_order_relaxed);
    calls_.wait(calls, std::memory_order_acquire);
    sleeper_.store(0, std::memory_order_relaxed);
    use_all_cpus();
  }
}

void Helper::help(const Offer& region) {
  const auto too_many = [this] {
    return ended_.load(std::memory_order_relaxed) || pool_.helping_.load(std::memory_order_relaxed) > pool_.places();
  };
  busy_.store(true, std::memory_order_relaxed);
  pool_.helping_.fetch_add(1, std::memory_order_relaxed);
  if (!too_many() && !region->done()) {
    if (const int participant = region->next_helper(); participant < region->participants()) {
      pool_.recruit(region, 2);
      const auto wall = Clock::now();
      const auto processor = processor_time();
      region->participate(participant, too_many);
      rest_if_stopped(Clock::now() - wall, processor_time() - processor);
    }
  }
  pool_.helping_.fetch_sub(1, std::memory_order_relaxed);
  busy_.store(false, std::memory_order_relaxed);
}

// Work does not wait for anything: where it took longer than it ran, somebody else had the processor.
void Helper::rest_if_stopped(Clock::duration wall, Clock::duration processor) {
  if (wall - processor < noticeable) {
    return;
  }
  const Clock::time_point now = Clock::now();
  const Clock::time_point rested(Clock::duration(rest_until_.load(std::memory_order_relaxed)));
  // A machine that was quiet for longer than the last rest is given a new chance soon.
  rest_ = now - rested > rest_ ? Clock::duration(shortest_rest) : std::min<Clock::duration>(2 * rest_, longest_rest);
  rest_until_.store((now + rest_).time_since_epoch().count(), std::memory_order_relaxed);
}

}  // namespace mriembed::threads
