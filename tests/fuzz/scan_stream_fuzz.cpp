// What a process that a hostile file has taken over may answer.
#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "mriembed/error.hpp"
#include "process/scan_stream.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    mriembed::io::decoded_facts(bytes);
  } catch (const mriembed::Error&) {  // a refusal
  }
  try {
    mriembed::io::Slice slice;
    constexpr std::int64_t file_size = 10000;
    const std::size_t samples = mriembed::io::decode_slice_head(bytes, file_size, slice);
    if (samples > (64 * file_size + (1 << 20U)) / sizeof(std::complex<float>) + 1) {
      std::abort();  // more memory than the file can justify
    }
  } catch (const mriembed::Error&) {  // a refusal
  }
  return 0;
}
