// The bytes of a file, from its beginning on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>

#include "byte_source.hpp"

namespace mriembed::io {

// Where it is asked for what lies beyond the end, it throws CutShort and has read nothing.
class FileBytes final : public ByteSource {
 public:
  // Throws Error bad_input where the file cannot be opened.
  explicit FileBytes(const std::string& path);

  [[nodiscard]] std::int64_t size() const { return size_; }
  [[nodiscard]] std::int64_t left() const { return size_ - place_; }

  // These throw Error bad_input where the file cannot be read.
  std::size_t read_some(void* to, std::size_t most) override;
  void read(void* to, std::size_t count) override;
  void skip(std::uint64_t count) override;
  std::string text(std::uint64_t length) override;
  void go_to(std::int64_t place);

 private:
  void check(std::uint64_t count) const;

  std::ifstream stream_;
  std::int64_t size_;
};

}  // namespace mriembed::io
