// Bytes in memory, in the place of a connection.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "io/byte_source.hpp"
#include "server/byte_sink.hpp"

namespace mriembed::server::testing_streams {

class MemorySource final : public io::ByteSource {
 public:
  explicit MemorySource(std::string bytes) : bytes_(std::move(bytes)) {}
  std::size_t read_some(void* to, std::size_t most) override;

 private:
  std::string bytes_;
};

// Keeps what is written. Closed, it takes only what take() allows, and whoever writes waits, until it is opened or
// given up.
class MemorySink final : public ByteSink {
 public:
  explicit MemorySink(bool open = true) : open_(open) {}
  std::size_t write_some(std::string_view bytes) override;
  void open();
  // So many more bytes.
  void take(std::size_t count);
  void give_up();
  [[nodiscard]] std::string bytes() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string bytes_;
  std::size_t allowed_ = 0;
  bool open_;
  bool gave_up_ = false;
};

}  // namespace mriembed::server::testing_streams
