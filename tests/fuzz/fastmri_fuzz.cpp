// fastMRI files, of any shapes, types, layouts, headers and masks.
#include <cstddef>
#include <cstdint>

#include "hdf5_from_bytes.hpp"

namespace {

using namespace mriembed::fuzzing;

void write_scan(FuzzedDataProvider& bytes, const std::string& path) {
  const hid_t file = create_file(path);
  const std::vector<hsize_t> shape = some_shape(bytes, bytes.ConsumeBool() ? 4 : 3);
  if (bytes.ConsumeBool() && !shape.empty()) {
    const hsize_t readout = shape.at(bytes.ConsumeBool() ? shape.size() - 1 : shape.size() / 2);
    write_text(bytes, file, "ismrmrd_header", some_mrd_header(bytes, {static_cast<std::uint16_t>(readout), 4, 1}));
  }
  if (bytes.ConsumeIntegralInRange(0, 3) == 3) {
    const hid_t type = some_type(bytes, H5T_NATIVE_FLOAT);
    const bool fitting = bytes.ConsumeIntegralInRange(0, 3) != 3 && !shape.empty();
    write_some_dataset(bytes, file, "mask", type, fitting ? std::vector<hsize_t>{shape.back()} : some_shape(bytes, 1),
                       bytes.ConsumeBytes<std::uint8_t>(64));
    H5Tclose(type);
  }
  const hid_t type = some_complex_type(bytes);
  write_some_dataset(bytes, file, "kspace", type, shape, bytes.ConsumeRemainingBytes<std::uint8_t>());
  H5Tclose(type);
  H5Fclose(file);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mriembed::fuzzing::read_scan_of_bytes({data, size}, &write_scan);
  return 0;
}
