// The bytes of a file, from its beginning on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <fstream>
#include <string>

namespace mriembed::io {

// Where it is asked for what lies beyond the end, it throws CutShort and has allocated nothing. Not thread-safe.
class FileBytes {
 public:
  struct CutShort : std::exception {};

  // Throws Error bad_input where the file cannot be opened.
  explicit FileBytes(const std::string& path);

  [[nodiscard]] std::int64_t place() const { return place_; }
  [[nodiscard]] std::int64_t size() const { return size_; }
  [[nodiscard]] std::int64_t left() const { return size_ - place_; }

  // Throws Error bad_input where the file cannot be read.
  void read(void* to, std::size_t count);
  template <typename T>
  T number() {
    T value{};
    read(&value, sizeof(value));
    return value;
  }
  std::string text(std::uint64_t length);
  void skip(std::uint64_t count);
  void go_to(std::int64_t place);

 private:
  void check(std::uint64_t count) const;

  std::ifstream stream_;
  std::int64_t size_;
  std::int64_t place_ = 0;
};

}  // namespace mriembed::io
