// Where the work of a call runs: on the process's pool, or on the host's threads.
#pragma once

#include <cstdint>
#include <optional>

#include "mriembed/parallel_for.hpp"
#include "threads/pool.hpp"
#include "threads/unit_work.hpp"

namespace mriembed::threads {

// Const functions may be called from many threads at once. What units compute must not depend on the participant.
class Executor {
 public:
  // At most `threads` threads at the same time; 0: as many as there are processors for this process. Without a
  // `parallel_for` they are the calling one and those of the process's pool, which are never more than that.
  Executor(int threads, ParallelFor parallel_for);

  // Participants that a run may have.
  [[nodiscard]] int threads() const noexcept { return threads_; }

  // While it lives, the calling thread counts as one at work in the pool.
  class Presence {
   public:
    explicit Presence(const Executor& executor) {
      if (executor.parallel_for_) {
        return;
      }
      if (Pool* pool = executor.threads_ > 1 ? &Pool::of_process() : Pool::started()) {
        in_pool_.emplace(*pool);
      }
    }

   private:
    std::optional<Pool::Presence> in_pool_;
  };

  // Runs work(unit, participant) for the units 0 to units - 1, as Pool::run.
  void run(std::int64_t units, UnitWork work) const;

 private:
  int threads_;
  ParallelFor parallel_for_;
};

}  // namespace mriembed::threads
