#include "hdf5_compound.hpp"

#include <string>

#include "size_limits.hpp"

namespace mriembed::io {

Hdf5Handle compound(const Hdf5Handle& file_type, std::size_t size, const std::vector<Member>& members) {
  Hdf5Handle type(H5Tcreate(H5T_COMPOUND, size), H5Tclose, "an acquisition header");
  for (const Member& member : members) {
    if (H5Tget_class(file_type.get()) != H5T_COMPOUND || H5Tget_member_index(file_type.get(), member.name) < 0) {
      if (!member.required) {
        continue;
      }
      refuse(std::string("its acquisitions have no member \"") + member.name + "\": not ISMRMRD raw data");
    }
    if (H5Tinsert(type.get(), member.name, member.offset, member.type) < 0) {
      refuse(std::string("the member \"") + member.name + "\" of its acquisitions cannot be read");
    }
  }
  return type;
}

Hdf5Handle member_type(const Hdf5Handle& file_type, const char* name) {
  const int index = H5Tget_class(file_type.get()) == H5T_COMPOUND ? H5Tget_member_index(file_type.get(), name) : -1;
  if (index < 0) {
    refuse(std::string("its acquisitions have no member \"") + name + "\": not ISMRMRD raw data");
  }
  return {H5Tget_member_type(file_type.get(), static_cast<unsigned>(index)), H5Tclose, "an acquisition"};
}

bool holds_array(const Hdf5Handle& compound, const char* name, hsize_t count, H5T_class_t number_class) {
  if (H5Tget_class(compound.get()) != H5T_COMPOUND || H5Tget_member_index(compound.get(), name) < 0) {
    return false;
  }
  const Hdf5Handle type = member_type(compound, name);
  hsize_t length = 0;
  if (H5Tget_class(type.get()) != H5T_ARRAY || H5Tget_array_ndims(type.get()) != 1 ||
      H5Tget_array_dims2(type.get(), &length) < 0 || length != count) {
    return false;
  }
  return H5Tget_class(Hdf5Handle(H5Tget_super(type.get()), H5Tclose, "an acquisition").get()) == number_class;
}

}  // namespace mriembed::io
