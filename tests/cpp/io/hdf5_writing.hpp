// Writes HDF5 fixtures the way h5py and other writers would.
#pragma once

#include <hdf5.h>

#include <complex>
#include <string>
#include <vector>

namespace mriembed::io::testing_files {

// A complex type with the given names of its parts.
inline hid_t complex_type(const char* real, const char* imaginary) {
  const hid_t type = H5Tcreate(H5T_COMPOUND, sizeof(std::complex<float>));
  H5Tinsert(type, real, 0, H5T_NATIVE_FLOAT);
  H5Tinsert(type, imaginary, sizeof(float), H5T_NATIVE_FLOAT);
  return type;
}

inline void write_dataset(hid_t parent, const std::string& name, hid_t type, const std::vector<hsize_t>& shape,
                          const void* values) {
  const hid_t space = H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
  const hid_t dataset = H5Dcreate2(parent, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
  H5Dclose(dataset);
  H5Sclose(space);
}

// A single string, of fixed length.
inline void write_text(hid_t parent, const std::string& name, const std::string& text) {
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, text.size());
  const hid_t space = H5Screate(H5S_SCALAR);
  const hid_t dataset = H5Dcreate2(parent, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text.data());
  H5Dclose(dataset);
  H5Sclose(space);
  H5Tclose(type);
}

}  // namespace mriembed::io::testing_files
