// A file in memory, for readers that take paths.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace mriembed::fuzzing {

class MemoryFile {
 public:
  MemoryFile();
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  // Replaces the contents.
  void write(std::span<const std::uint8_t> bytes) const;
  [[nodiscard]] std::string path() const;

 private:
  int descriptor_;
};

}  // namespace mriembed::fuzzing
