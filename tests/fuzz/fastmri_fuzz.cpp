// fastMRI files, of any shapes, types, layouts, headers and masks.
#include <cstddef>
#include <cstdint>

#include "hdf5_from_bytes.hpp"
#include "hdf5_scan.hpp"
#include "memory_file.hpp"
#include "read_whole_scan.hpp"

namespace {

using namespace mriembed::fuzzing;

void write_scan(FuzzedDataProvider& bytes, const std::string& path) {
  const hid_t file = create_file(path);
  if (bytes.ConsumeBool()) {
    write_text(bytes, file, "ismrmrd_header", some_mrd_header(bytes));
  }
  if (bytes.ConsumeIntegralInRange(0, 3) == 0) {
    const hid_t type = some_type(bytes, H5T_NATIVE_FLOAT);
    write_some_dataset(bytes, file, "mask", type, some_shape(bytes, 1), bytes.ConsumeBytes<std::uint8_t>(64));
    H5Tclose(type);
  }
  const hid_t type = some_complex_type(bytes);
  const std::vector<hsize_t> shape = some_shape(bytes, bytes.ConsumeBool() ? 4 : 3);
  write_some_dataset(bytes, file, "kspace", type, shape, bytes.ConsumeRemainingBytes<std::uint8_t>());
  H5Tclose(type);
  H5Fclose(file);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const MemoryFile file;
  FuzzedDataProvider bytes(data, size);
  write_scan(bytes, file.path());
  read_whole_scan(
      [](const mriembed::io::ReadOptions& options) { return mriembed::io::open_hdf5_scan(file.path(), options); });
  return 0;
}
