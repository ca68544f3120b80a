#include "threads/region.hpp"

#include <utility>

#include "threads/spin.hpp"

namespace mriembed::threads {

namespace {

constexpr std::uint64_t packed(std::uint64_t begin, std::uint64_t end) { return begin << 32 | end; }
constexpr std::uint64_t begin_of(std::uint64_t run) { return run >> 32; }
constexpr std::uint64_t end_of(std::uint64_t run) { return run & 0xFFFFFFFFU; }
constexpr bool holds_units(std::uint64_t run) { return begin_of(run) < end_of(run); }

}  // namespace

Region::Region(std::int64_t units, int participants, UnitWork work)
    : units_(static_cast<std::uint32_t>(units)),
      runs_(std::make_unique<Run[]>(static_cast<std::size_t>(participants))),
      work_(work),
      participants_(participants) {
  const auto count = static_cast<std::uint64_t>(participants);
  for (std::uint64_t index = 0; index < count; ++index) {
    runs_[index].left.store(packed(units_ * index / count, units_ * (index + 1) / count), std::memory_order_relaxed);
  }
}

// The next unit of the participant's own run, or the first of the half of another's, which becomes its own; -1 if
// nobody has any left. What is left says all that there is to know about a run, so exchanging it is enough.
std::int64_t Region::take(int participant) noexcept {
  std::atomic<std::uint64_t>& own = runs_[static_cast<std::size_t>(participant)].left;
  std::uint64_t left = own.load(std::memory_order_relaxed);
  while (holds_units(left)) {
    if (own.compare_exchange_weak(left, packed(begin_of(left) + 1, end_of(left)), std::memory_order_relaxed)) {
      return static_cast<std::int64_t>(begin_of(left));
    }
  }
  for (int step = 1; step < participants_; ++step) {
    std::atomic<std::uint64_t>& other = runs_[static_cast<std::size_t>((participant + step) % participants_)].left;
    left = other.load(std::memory_order_relaxed);
    while (holds_units(left)) {
      const std::uint64_t middle = begin_of(left) + (end_of(left) - begin_of(left)) / 2;
      if (other.compare_exchange_weak(left, packed(begin_of(left), middle), std::memory_order_relaxed)) {
        own.store(packed(middle + 1, end_of(left)), std::memory_order_relaxed);
        return static_cast<std::int64_t>(middle);
      }
    }
  }
  return -1;
}

void Region::run(std::int64_t unit, int participant) noexcept {
  try {
    work_(unit, participant);
  } catch (...) {
    fail(unit);
  }
  if (done_.fetch_add(1, std::memory_order_acq_rel) + 1 == units_) {
    done_.notify_all();
  }
}

void Region::fail(std::int64_t unit) noexcept {
  const std::scoped_lock lock(mutex_);
  if (failed_unit_ < 0 || unit < failed_unit_) {
    failed_unit_ = unit;
    failure_ = std::current_exception();
  }
}

void Region::wait() const noexcept {
  if (spin_until([this] { return done(); })) {
    return;
  }
  for (std::uint32_t ended = done_.load(std::memory_order_acquire); ended != units_;
       ended = done_.load(std::memory_order_acquire)) {
    done_.wait(ended, std::memory_order_acquire);
  }
}

void Region::rethrow() {
  if (failure_) {
    std::rethrow_exception(std::exchange(failure_, nullptr));
  }
}

void run_alone(std::int64_t units, UnitWork work) {
  Region region(units, 1, work);
  region.participate(0, [] { return false; });
  region.rethrow();
}

}  // namespace mriembed::threads
