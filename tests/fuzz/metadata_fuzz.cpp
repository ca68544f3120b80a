// mriembed.json, the description inside a model file.
#include <cstddef>
#include <cstdint>
#include <string>

#include "model_file/metadata.hpp"
#include "mriembed/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    mriembed::parse_metadata(std::string(reinterpret_cast<const char*>(data), size));
  } catch (const mriembed::Error&) {  // a refusal
    return 0;
  }
  return 0;
}
