// NumPy arrays, from any bytes.
#include <cstddef>
#include <cstdint>

#include "numpy.hpp"
#include "read_whole_scan.hpp"
#include "scratch_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const mriembed::fuzzing::ScratchFile file;
  file.write({data, size});
  mriembed::fuzzing::read_whole_scan(
      [](const mriembed::io::ReadOptions& options) { return mriembed::io::open_numpy(file.path(), options); });
  return 0;
}
