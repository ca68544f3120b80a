// Compound types of HDF5 as ISMRMRD uses them: their members by name.
#pragma once

#include <cstddef>
#include <vector>

#include "hdf5_file.hpp"

namespace mriembed::io {

struct Member {
  const char* name;
  std::size_t offset;
  hid_t type;
  bool required = true;  // an optional one that the file does not have stays as it is
};

// A compound of the members in memory, `size` bytes long. HDF5 converts by name, and leaves untouched what the file
// does not have; so each name is looked for first, and a required one that is missing is refused.
Hdf5Handle compound(const Hdf5Handle& file_type, std::size_t size, const std::vector<Member>& members);

// The type of a member; refuses where there is none.
Hdf5Handle member_type(const Hdf5Handle& file_type, const char* name);

// Whether the member is there and an array of so many numbers of this class, as ISMRMRD has it.
bool holds_array(const Hdf5Handle& compound, const char* name, hsize_t count, H5T_class_t number_class);

}  // namespace mriembed::io
