// A socket or a pair of pipes, as bytes that come and go.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/byte_source.hpp"
#include "server/byte_sink.hpp"
#include "server/no_more_bytes.hpp"

namespace mriembed::server {

// Whoever waits looks up so often whether it shall stop.
inline constexpr std::chrono::milliseconds look_up{100};

// The bytes that come in. For one thread.
class DescriptorSource final : public io::ByteSource {
 public:
  using Clock = std::chrono::steady_clock;
  // The descriptor stays the caller's. Reading throws Stopped once `stop` says so, and CutShort where the other side
  // has ended or vanished.
  DescriptorSource(int descriptor, const std::atomic<bool>& stop);

  // Reading throws TimedOut from this time on, whatever comes; none: it never does.
  void set_deadline(std::optional<Clock::time_point> deadline) { deadline_ = deadline; }
  // Reading throws TimedOut where nothing comes for so long; zero: it never does.
  void set_idle_timeout(std::chrono::milliseconds timeout) { idle_timeout_ = timeout; }

  std::size_t read_some(void* to, std::size_t most) override;

 private:
  void wait() const;
  std::size_t receive(void* to, std::size_t most);

  int descriptor_;
  const std::atomic<bool>& stop_;
  std::optional<Clock::time_point> deadline_;
  std::chrono::milliseconds idle_timeout_{0};
  bool is_socket_ = true;  // until it turns out otherwise
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  // of what is in the buffer
  std::size_t end_ = 0;
};

// The bytes that go out. For one thread at a time, which may be another one.
class DescriptorSink final : public ByteSink {
 public:
  explicit DescriptorSink(int descriptor) : descriptor_(descriptor) {}

  // Waits for whoever reads, until give_up() is called.
  std::size_t write_some(std::string_view bytes) override;
  std::size_t write_at_once(std::string_view bytes) override;

  // From any thread: writing ends at the next look.
  void give_up() { gave_up_ = true; }

 private:
  int descriptor_;
  bool is_socket_ = true;  // until it turns out otherwise
  std::atomic<bool> gave_up_ = false;
};

}  // namespace mriembed::server
