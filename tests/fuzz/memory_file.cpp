#include "memory_file.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

namespace mriembed::fuzzing {

MemoryFile::MemoryFile() : descriptor_(memfd_create("fuzz", MFD_CLOEXEC)) {
  if (descriptor_ < 0) {
    std::abort();
  }
}

MemoryFile::~MemoryFile() { close(descriptor_); }

void MemoryFile::write(std::span<const std::uint8_t> bytes) const {
  if (ftruncate(descriptor_, 0) != 0 ||
      pwrite(descriptor_, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    std::abort();
  }
}

std::string MemoryFile::path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

}  // namespace mriembed::fuzzing
