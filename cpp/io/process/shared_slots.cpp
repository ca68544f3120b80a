#include "process/shared_slots.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <string>
#include <system_error>
#include <utility>

#include "mriembed/error.hpp"

namespace mriembed::io {

namespace {

constexpr std::size_t region_bytes = SharedSlots::slots * SharedSlots::portion * sizeof(std::complex<float>);

[[noreturn]] void fail(const std::string& step) {
  throw Error(ErrorCode::internal, "cannot set up the memory shared with the HDF5 reader process: " + step + ": " +
                                       std::generic_category().message(errno));
}

Descriptor new_memory() {
  constexpr const char* name = "mriembed-slots";
  constexpr unsigned int settings = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  constexpr unsigned int never_a_program = 8;  // MFD_NOEXEC_SEAL of Linux 6.3, which some systems demand
  Descriptor memory(memfd_create(name, settings | never_a_program));
  if (memory.get() < 0 && errno == EINVAL) {
    memory = Descriptor(memfd_create(name, settings));
  }
  if (memory.get() < 0) {
    fail("memfd_create");
  }
  return memory;
}

}  // namespace

SharedSlots SharedSlots::make() {
  Descriptor memory = new_memory();
  if (ftruncate(memory.get(), static_cast<off_t>(region_bytes)) != 0) {
    fail("ftruncate");
  }
  if (fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    fail("F_ADD_SEALS");
  }
  return {std::move(memory), PROT_READ};
}

SharedSlots SharedSlots::lent(Descriptor descriptor) {
  struct stat facts{};
  if (fstat(descriptor.get(), &facts) != 0) {
    fail("fstat");
  }
  if (facts.st_size != static_cast<off_t>(region_bytes)) {
    throw Error(ErrorCode::internal, "the memory that is shared has another size");
  }
  // Here a lack of memory can be told; a write into the mapping would end this process.
  while (fallocate(descriptor.get(), 0, 0, static_cast<off_t>(region_bytes)) != 0) {
    if (errno != EINTR) {
      throw std::bad_alloc();
    }
  }
  return {std::move(descriptor), PROT_READ | PROT_WRITE};
}

SharedSlots::SharedSlots(Descriptor descriptor, int protection) : descriptor_(std::move(descriptor)) {
  void* const begin = mmap(nullptr, region_bytes, protection, MAP_SHARED, descriptor_.get(), 0);
  if (begin == MAP_FAILED) {
    fail("mmap");
  }
  begin_ = static_cast<std::complex<float>*>(begin);
}

SharedSlots::~SharedSlots() { munmap(begin_, region_bytes); }

}  // namespace mriembed::io
