#include "hdf5_arena.hpp"

#include <new>

#include "size_limits.hpp"

namespace mriembed::io {

Hdf5Handle Hdf5Arena::transfer_properties() {
  Hdf5Handle properties(H5Pcreate(H5P_DATASET_XFER), H5Pclose, "values of variable length");
  const auto release = [](void* /*block*/, void* /*arena*/) noexcept {};  // the arena's end frees
  if (H5Pset_vlen_mem_manager(properties.get(), allocate, this, release, this) < 0) {
    refuse("values of variable length cannot be read");
  }
  return properties;
}

void* Hdf5Arena::allocate(std::size_t size, void* arena) noexcept {
  auto& self = *static_cast<Hdf5Arena*>(arena);
  if (size > self.left_) {
    return nullptr;  // HDF5 then reports a failed read
  }
  try {
    // Zeroed: HDF5 must not leave in it what another object held.
    self.blocks_.push_back(std::make_unique<std::byte[]>(size));
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  self.left_ -= size;
  return self.blocks_.back().get();
}

}  // namespace mriembed::io
