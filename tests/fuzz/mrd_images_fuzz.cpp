// MRD image files, of any groups, shapes, types, layouts and labels.
#include <array>
#include <cstddef>
#include <cstdint>

#include "hdf5_from_bytes.hpp"

namespace {

using namespace mriembed::fuzzing;

hid_t some_label_type(FuzzedDataProvider& bytes) {
  constexpr std::array<const char*, 5> names{"slice", "contrast", "phase", "repetition", "set"};
  const std::size_t left_out = bytes.ConsumeIntegralInRange<std::size_t>(0, 63);
  const hid_t part = some_type(bytes, H5T_STD_U16LE);
  const std::size_t size = H5Tget_size(part);
  const hid_t type = H5Tcreate(H5T_COMPOUND, names.size() * size);
  for (std::size_t index = 0; index < names.size(); ++index) {
    if (index != left_out) {
      H5Tinsert(type, names.at(index), index * size, part);
    }
  }
  H5Tclose(part);
  return type;
}

void write_group(FuzzedDataProvider& bytes, hid_t parent, const char* name) {
  const hid_t group = H5Gcreate2(parent, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  const std::vector<hsize_t> shape = some_shape(bytes, 5);
  const hid_t labels = some_label_type(bytes);
  const bool fitting = bytes.ConsumeIntegralInRange(0, 15) != 15 && !shape.empty();
  write_some_dataset(bytes, group, "header", labels, fitting ? std::vector<hsize_t>{shape[0]} : some_shape(bytes, 1),
                     bytes.ConsumeBytes<std::uint8_t>(256));
  H5Tclose(labels);
  write_text(bytes, group, "attributes", "");
  const hid_t type = some_complex_type(bytes);
  write_some_dataset(bytes, group, "data", type, shape, bytes.ConsumeBytes<std::uint8_t>(8192));
  H5Tclose(type);
  H5Gclose(group);
}

void write_scan(FuzzedDataProvider& bytes, const std::string& path) {
  const hid_t file = create_file(path);
  const hid_t outer = H5Gcreate2(file, "dataset", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  write_group(bytes, outer, "image_0");
  if (bytes.ConsumeBool()) {
    write_group(bytes, bytes.ConsumeBool() ? outer : file, "image_1");
  }
  for (int link = bytes.ConsumeIntegralInRange(0, 4); link > 0; --link) {
    const std::string name = "image_" + std::to_string(1 + link);
    switch (bytes.ConsumeIntegralInRange(0, 2)) {
      case 0:
        H5Lcreate_hard(outer, "image_0", outer, name.c_str(), H5P_DEFAULT, H5P_DEFAULT);
        break;
      case 1:
        H5Lcreate_soft("image_0", outer, name.c_str(), H5P_DEFAULT, H5P_DEFAULT);
        break;
      default:
        H5Lcreate_external("/dev/null", "/", outer, name.c_str(), H5P_DEFAULT, H5P_DEFAULT);
    }
  }
  H5Gclose(outer);
  H5Fclose(file);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mriembed::fuzzing::read_scan_of_bytes({data, size}, &write_scan);
  return 0;
}
