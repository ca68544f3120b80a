#include "server/outbox.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace mriembed::server {

Outbox::Outbox(ByteSink& sink) : sink_(sink), thread_([this] { run(); }) {}

Outbox::~Outbox() {
  {
    const std::scoped_lock lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

bool Outbox::put(std::string message) { return put(std::move(message), most_bytes); }

void Outbox::put_always(std::string message) { put(std::move(message), std::numeric_limits<std::size_t>::max()); }

bool Outbox::put(std::string message, std::size_t most) {
  {
    const std::scoped_lock lock(mutex_);
    if (broken_) {
      return false;
    }
    if (message.size() > most - std::min(most, bytes_)) {
      ++lost_;
      return false;
    }
    if (bytes_ == 0) {  // nothing is on its way: what can go at once does, without waking a thread for it
      message.erase(0, sink_.write_at_once(message));
      if (message.empty()) {
        return true;
      }
    }
    bytes_ += message.size();
    messages_.push_back(std::move(message));
  }
  changed_.notify_all();
  return true;
}

bool Outbox::wait_for_room(std::size_t bytes, std::chrono::milliseconds longest,
                           const std::function<bool()>& is_stopped) {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds look_up{100};
  std::unique_lock lock(mutex_);
  std::int64_t written = written_;
  Clock::time_point last = Clock::now();  // something was taken
  while (!broken_ && bytes_ > 0 && bytes > most_bytes - std::min(most_bytes, bytes_)) {
    changed_.wait_for(lock, std::min(longest, look_up));
    if (std::exchange(written, written_) != written_) {
      last = Clock::now();
    } else if (Clock::now() - last >= longest || is_stopped()) {
      return false;
    }
  }
  return true;
}

std::int64_t Outbox::lost() {
  const std::scoped_lock lock(mutex_);
  return lost_;
}

bool Outbox::flush(std::chrono::milliseconds longest) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, longest, [this] { return broken_ || bytes_ == 0; });
}

void Outbox::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ended_ || !messages_.empty(); });
    if (messages_.empty() || broken_) {
      if (ended_) {
        return;
      }
      continue;
    }
    const std::string message = std::move(messages_.front());
    messages_.pop_front();
    write(lock, message);
  }
}

void Outbox::write(std::unique_lock<std::mutex>& lock, std::string_view message) {
  while (!message.empty() && !broken_) {
    lock.unlock();
    const std::size_t count = sink_.write_some(message);
    lock.lock();
    message.remove_prefix(count);
    bytes_ -= count;
    written_ += static_cast<std::int64_t>(count);
    if (count == 0) {
      broken_ = true;
      messages_.clear();
      bytes_ = 0;
    }
    changed_.notify_all();
  }
}

}  // namespace mriembed::server
