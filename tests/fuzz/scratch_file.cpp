#include "scratch_file.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace mriembed::fuzzing {

ScratchFile::ScratchFile()
    : path_(std::filesystem::temp_directory_path() / "mriembed-fuzz-XXXXXX"), descriptor_(mkstemp(path_.data())) {
  if (descriptor_ < 0) {
    std::abort();
  }
}

ScratchFile::~ScratchFile() {
  close(descriptor_);
  unlink(path_.c_str());
}

void ScratchFile::write(std::span<const std::uint8_t> bytes) const {
  if (ftruncate(descriptor_, 0) != 0 ||
      pwrite(descriptor_, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    std::abort();
  }
}

}  // namespace mriembed::fuzzing
