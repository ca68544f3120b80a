// A file to be read again and again with other contents, for readers that take paths. HDF5 takes none without a name.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace mriembed::fuzzing {

// Lies in the folder for temporary files (TMPDIR), which had better be in memory.
class ScratchFile {
 public:
  ScratchFile();
  ~ScratchFile();
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  // Replaces the contents.
  void write(std::span<const std::uint8_t> bytes) const;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  int descriptor_;
};

}  // namespace mriembed::fuzzing
