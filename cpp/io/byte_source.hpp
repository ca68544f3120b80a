// Bytes that follow each other, wherever they come from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>

namespace mriembed::io {

// A file, a socket, a pipe. Not thread-safe.
class ByteSource {
 public:
  // It ends before what was asked for.
  struct CutShort : std::exception {};

  ByteSource() = default;
  virtual ~ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;
  ByteSource(ByteSource&&) = default;
  ByteSource& operator=(ByteSource&&) = default;

  // Bytes so far.
  [[nodiscard]] std::int64_t place() const { return place_; }

  // What is there, 1 to `most` bytes; waits for it. This and all below throw CutShort.
  virtual std::size_t read_some(void* to, std::size_t most) = 0;

  virtual void read(void* to, std::size_t count);
  virtual void skip(std::uint64_t count);

  template <typename T>
  T number() {
    T value{};
    read(&value, sizeof(value));
    return value;
  }

  // Takes memory for bytes that have come alone, whatever `length` says. Throws Error bad_input for more than 64 MiB,
  // which no text of a scan has.
  virtual std::string text(std::uint64_t length);

 protected:
  std::int64_t place_ = 0;
};

}  // namespace mriembed::io
