// The units of one piece of parallel work, and who has taken which.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>

#include "threads/default_floating_point.hpp"
#include "threads/unit_work.hpp"

namespace mriembed::threads {

// Participants take units until none is left. Each begins with a run of neighbouring units of its own, because
// neighbours share data; whoever has finished takes half of what another one has not begun. So one participant can do
// everything alone, and what a late one would have done is done by the others.
//
// Lives as long as anybody holds it: a participant that comes when all is done finds no units and does not touch the
// work, which may be gone by then.
class Region {
 public:
  // `units` 1 to 2^31 - 1; participants have the numbers 0 to `participants` - 1.
  Region(std::int64_t units, int participants, UnitWork work);

  // The number of the next helper to come, counted from 1: 0 is the caller's. `participants` or more: no place is left.
  int next_helper() noexcept { return helpers_.fetch_add(1, std::memory_order_relaxed) + 1; }

  // Works as participant `participant` until no unit is left, or until `leave()` says so between two units. Each
  // number participates once at a time. Throws nothing.
  template <typename Leave>
  void participate(int participant, const Leave& leave) noexcept {
    const DefaultFloatingPoint environment;  // the thread may be the host's
    do {
      const std::int64_t unit = take(participant);
      if (unit < 0) {
        return;
      }
      run(unit, participant);
    } while (!leave());
  }

  [[nodiscard]] int participants() const noexcept { return participants_; }

  // Returns once every unit has been run. Spins for some microseconds, then sleeps.
  void wait() const noexcept;

  // Whether every unit has been run.
  [[nodiscard]] bool done() const noexcept { return done_.load(std::memory_order_acquire) == units_; }

  // Throws what the unit of the smallest number threw, if any did. Only after wait(), and once: the exception leaves
  // the region, so that a late helper, who may be the last to hold the region, never destroys what the caller still
  // reads.
  void rethrow();

 private:
  // What is left of a run of units, begin in the upper and end in the lower half. On a cache line of its own: every
  // participant writes to its own all the time.
  struct alignas(64) Run {
    std::atomic<std::uint64_t> left = 0;
  };

  std::int64_t take(int participant) noexcept;
  void run(std::int64_t unit, int participant) noexcept;
  void fail(std::int64_t unit) noexcept;

  // Written after each unit: on a cache line that the participants' runs do not share.
  alignas(64) mutable std::atomic<std::uint32_t> done_ = 0;
  const std::uint32_t units_;
  std::unique_ptr<Run[]> runs_;
  std::exception_ptr failure_;
  std::int64_t failed_unit_ = -1;
  const UnitWork work_;
  std::mutex mutex_;  // of the failure
  const int participants_;
  std::atomic<int> helpers_ = 0;  // that have come
};

// The same in the calling thread alone.
void run_alone(std::int64_t units, UnitWork work);

}  // namespace mriembed::threads
