// MRD streams, from any bytes.
#include <cstddef>
#include <cstdint>

#include "mrd_stream.hpp"
#include "read_whole_scan.hpp"
#include "scratch_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const mriembed::fuzzing::ScratchFile file;
  file.write({data, size});
  mriembed::io::is_mrd_stream(file.path());
  mriembed::fuzzing::read_whole_scan(
      [](const mriembed::io::ReadOptions& options) { return mriembed::io::open_mrd_stream(file.path(), options); });
  return 0;
}
