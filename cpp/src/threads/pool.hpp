// The threads that help callers of the library.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "threads/unit_work.hpp"

namespace mriembed::threads {

class Helper;
class Region;

// A caller works on its units itself, and helpers join as they get to run: nobody ever waits for one that has not
// begun, at most for the one unit that each of them has in work. On a machine whose cores are busy a helper may be
// stopped in the midst of a unit, for milliseconds. One that notices that afterwards rests, each time longer, so that
// callers are left alone while there is nothing to gain.
//
// Callers and helpers at work are together no more than `cpus`: where as many threads call, each works alone.
//
// All functions may be called from many threads at once.
class Pool {
 public:
  // For `cpus` processors, one of which is the caller's: cpus - 1 helpers.
  explicit Pool(int cpus);
  // Ends the helpers. Nobody may be in run().
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // The pool of this process, for available_cpus(). It is made on first use and ends with the library. A forked child,
  // which has none of its parent's threads, gets a new one.
  static Pool& of_process();
  // Ends the helpers, and the pool unless somebody is in run().
  static void end(std::unique_ptr<Pool> pool);
  // The same where it has been made already, or null.
  static Pool* started() noexcept;

  [[nodiscard]] int cpus() const noexcept { return cpus_; }

  // Counts the calling thread among the threads at work, while it lives.
  class Presence {
   public:
    explicit Presence(Pool& pool) noexcept : pool_(pool) { pool_.callers_.fetch_add(1, std::memory_order_relaxed); }
    ~Presence() { pool_.callers_.fetch_sub(1, std::memory_order_relaxed); }
    Presence(const Presence&) = delete;
    Presence& operator=(const Presence&) = delete;

   private:
    Pool& pool_;
  };

  // Runs work(unit, participant) for the units 0 to units - 1, each once, and returns when all have ended. At the same
  // time no more than `threads` of them run, the calling thread's included, each with a `participant` of its own from
  // 0 to threads - 1. Throws what the unit of the smallest number threw; the others run all the same.
  void run(std::int64_t units, int threads, UnitWork work);

 private:
  friend class Helper;

  // Threads that may help beside the callers.
  [[nodiscard]] int places() const noexcept { return cpus_ - callers_.load(std::memory_order_relaxed); }
  // Offers the region to up to `most` helpers that do not rest.
  void recruit(const std::shared_ptr<Region>& region, int most);

  const int cpus_;
  std::atomic<int> callers_ = 0;
  std::atomic<int> helping_ = 0;  // helpers at work
  std::vector<std::unique_ptr<Helper>> helpers_;
};

}  // namespace mriembed::threads
