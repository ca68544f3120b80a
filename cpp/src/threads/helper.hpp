// One thread of the pool.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>

namespace mriembed::threads {

class Pool;
class Region;

class Helper {
 public:
  explicit Helper(Pool& pool);
  // Ends the thread first, if it has not been ended.
  ~Helper();
  Helper(const Helper&) = delete;
  Helper& operator=(const Helper&) = delete;

  // Whether it neither works on a region nor has been offered one.
  [[nodiscard]] bool idle() const noexcept {
    return !busy_.load(std::memory_order_relaxed) && offer_.load(std::memory_order_relaxed) == nullptr;
  }

  // Hands the region to this helper, unless it rests. Wakes it if it sleeps. What was offered before and has not been
  // taken is forgotten: most likely it is done. May be called from many threads at once.
  bool offer(const std::shared_ptr<Region>& region);

  // Ends the thread, once what it has in work is done. The pool ends all of its helpers before it destroys the first
  // one: until then they wake each other.
  void end();

 private:
  using Clock = std::chrono::steady_clock;
  using Offer = std::shared_ptr<Region>;

  void live();
  void wake();
  std::unique_ptr<Offer> next_offer();
  void help(const Offer& region);
  void rest_if_stopped(Clock::duration wall, Clock::duration processor);

  // What was offered and not yet taken: owned by whoever exchanges it for something else.
  alignas(64) std::atomic<Offer*> offer_ = nullptr;
  Pool& pool_;
  std::atomic<Clock::rep> rest_until_ = 0;
  Clock::duration rest_{};                // the last one's length
  std::thread thread_;                    // started when all that it uses is there
  std::atomic<std::uint32_t> calls_ = 0;  // to wake up
  std::atomic<int> sleeper_ = 0;          // the thread's number while it sleeps, else 0
  std::atomic<bool> busy_ = false;
  std::atomic<bool> ended_ = false;
};

}  // namespace mriembed::threads
