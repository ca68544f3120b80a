// Memory for what HDF5 allocates by lengths that it finds in a file.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "hdf5_file.hpp"

namespace mriembed::io {

// Gives HDF5 memory for values of variable length, up to a limit; beyond it, the read fails. Its end frees all at once.
class Hdf5Arena {
 public:
  explicit Hdf5Arena(std::size_t limit) : left_(limit) {}
  Hdf5Arena(const Hdf5Arena&) = delete;
  Hdf5Arena& operator=(const Hdf5Arena&) = delete;
  ~Hdf5Arena() = default;

  // For H5Dread. Must not outlive the arena.
  [[nodiscard]] Hdf5Handle transfer_properties();

 private:
  static void* allocate(std::size_t size, void* arena) noexcept;

  std::size_t left_;
  std::vector<std::unique_ptr<std::byte[]>> blocks_;
};

}  // namespace mriembed::io
