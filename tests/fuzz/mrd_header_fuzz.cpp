// The XML header of MRD and fastMRI files.
#include <cstddef>
#include <cstdint>
#include <string>

#include "mrd_header.hpp"
#include "mriembed/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    mriembed::io::parse_mrd_header(std::string(reinterpret_cast<const char*>(data), size));
  } catch (const mriembed::Error&) {  // a refusal
    return 0;
  }
  return 0;
}
