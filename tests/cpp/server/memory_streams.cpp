#include "server/memory_streams.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace mriembed::server::testing_streams {

std::size_t MemorySource::read_some(void* to, std::size_t most) {
  const auto begin = static_cast<std::size_t>(place_);
  if (begin == bytes_.size()) {
    throw CutShort();
  }
  const std::size_t count = std::min(most, bytes_.size() - begin);
  std::memcpy(to, bytes_.data() + begin, count);
  place_ += static_cast<std::int64_t>(count);
  return count;
}

std::size_t MemorySink::write_some(std::string_view bytes) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return open_ || gave_up_ || allowed_ > 0; });
  if (gave_up_) {
    return 0;
  }
  const std::size_t count = open_ ? bytes.size() : std::min(bytes.size(), std::exchange(allowed_, 0));
  bytes_ += bytes.substr(0, count);
  return count;
}

void MemorySink::take(std::size_t count) {
  const std::scoped_lock lock(mutex_);
  allowed_ += count;
  changed_.notify_all();
}

void MemorySink::open() {
  const std::scoped_lock lock(mutex_);
  open_ = true;
  changed_.notify_all();
}

void MemorySink::give_up() {
  const std::scoped_lock lock(mutex_);
  gave_up_ = true;
  changed_.notify_all();
}

std::string MemorySink::bytes() const {
  const std::scoped_lock lock(mutex_);
  return bytes_;
}

}  // namespace mriembed::server::testing_streams
