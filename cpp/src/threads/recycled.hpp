// Objects that are expensive to make and serve one user after the other.
#pragma once

#include <array>
#include <atomic>
#include <memory>

namespace mriembed::threads {

// Threads borrow objects and give them back by destroying the loan; those that nobody needs wait for the next. There is
// no lock: a thread that is stopped, or a process that is forked, in the midst of it keeps nobody waiting.
template <typename Object>
class Recycled {
 public:
  Recycled() = default;
  ~Recycled() {
    for (std::atomic<Object*>& place : places_) {
      const std::unique_ptr<Object> last(place.load());
    }
  }
  Recycled(const Recycled&) = delete;
  Recycled& operator=(const Recycled&) = delete;

  struct GiveBack {
    Recycled* to;
    void operator()(Object* object) const {
      std::unique_ptr<Object> held(object);
      for (std::atomic<Object*>& place : to->places_) {
        Object* none = nullptr;
        if (place.compare_exchange_strong(none, held.get(), std::memory_order_acq_rel)) {
          static_cast<void>(held.release());
          return;
        }
      }
    }
  };
  using Loan = std::unique_ptr<Object, GiveBack>;

  // One that was given back, or a new one. The loan must not outlive this.
  Loan take() {
    for (std::atomic<Object*>& place : places_) {
      if (Object* found = place.exchange(nullptr, std::memory_order_acq_rel)) {
        return Loan(found, {this});
      }
    }
    return Loan(std::make_unique<Object>().release(), {this});
  }

 private:
  // More calls at once than this are possible, but not worth keeping memory for.
  std::array<std::atomic<Object*>, 64> places_{};
};

}  // namespace mriembed::threads
