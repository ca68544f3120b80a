// A session's answers on their way to the client: at once, or, where that cannot be, by a thread of their own. Who
// makes them never waits for who reads, unless it asks to.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "server/byte_sink.hpp"

namespace mriembed::server {

// From any thread.
class Outbox {
 public:
  // What may wait for a client that does not read.
  static constexpr std::size_t most_bytes = std::size_t{64} << 20U;

  explicit Outbox(ByteSink& sink);
  // Expects that the sink has been told to give up, or takes what is there.
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  // False: the message is lost, for nobody takes answers any more, or too many wait.
  bool put(std::string message);
  // The same of a message that is not to be lost: it is taken, however many wait.
  void put_always(std::string message);

  // Waits until so many bytes find room, or nobody takes messages any more; what is larger than all room waits until
  // nothing else does. False: for so long the client has taken no byte, or `is_stopped` ends the wait.
  bool wait_for_room(std::size_t bytes, std::chrono::milliseconds longest, const std::function<bool()>& is_stopped);

  // Messages that are lost because too many waited.
  [[nodiscard]] std::int64_t lost();

  // Waits until all is written or cannot be; false: it was not within this time.
  bool flush(std::chrono::milliseconds longest);

 private:
  void run();
  void write(std::unique_lock<std::mutex>& lock, std::string_view message);
  bool put(std::string message, std::size_t most);

  ByteSink& sink_;
  std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  std::deque<std::string> messages_;
  std::size_t bytes_ = 0;  // of messages_, and those left of the one that is being written
  std::int64_t lost_ = 0;
  std::int64_t written_ = 0;  // bytes, by the thread
  bool broken_ = false;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace mriembed::server
