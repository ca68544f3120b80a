// What a process that a hostile file has taken over may answer.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "mriembed/error.hpp"
#include "scan_stream.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    mriembed::io::decoded_facts(bytes);
  } catch (const mriembed::Error&) {  // a refusal
  }
  for (const auto domain : {mriembed::io::Domain::kspace, mriembed::io::Domain::stacked}) {
    try {
      mriembed::io::Slice slice;
      constexpr std::int64_t file_size = 10000;
      mriembed::io::decode_slice_head(bytes, domain, file_size, slice);
    } catch (const mriembed::Error&) {  // a refusal
    }
  }
  return 0;
}
