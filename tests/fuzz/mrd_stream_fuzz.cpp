// MRD streams, from any bytes: all measurements, one of them, and their noise alone.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "mrd_stream.hpp"
#include "mriembed/error.hpp"
#include "read_whole_scan.hpp"
#include "scratch_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace io = mriembed::io;
  static const mriembed::fuzzing::ScratchFile file;
  file.write({data, size});
  io::is_mrd_stream(file.path());
  mriembed::fuzzing::read_whole_scan(
      [](const io::ReadOptions& options) { return io::open_mrd_stream(file.path(), options); });
  mriembed::fuzzing::read_whole_scan([](io::ReadOptions options) {
    options.group = "scan_2";
    return io::open_mrd_stream(file.path(), options);
  });
  io::ReadOptions noise;
  noise.noise = io::NoiseUse::alone;
  try {
    if (!io::open_mrd_stream(file.path(), noise)->noise_covariance().has_value()) {
      std::abort();
    }
  } catch (const mriembed::Error& error) {
    if (error.code() != mriembed::ErrorCode::bad_input) {
      std::abort();
    }
  }
  return 0;
}
