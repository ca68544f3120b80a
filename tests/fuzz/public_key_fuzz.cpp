// A file with a public key.
#include <cstddef>
#include <cstdint>

#include "model_file/public_key.hpp"
#include "mriembed/error.hpp"
#include "scratch_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const mriembed::fuzzing::ScratchFile file;
  file.write({data, size});
  try {
    if (mriembed::read_public_key(file.path()).size() != 64) {
      __builtin_trap();
    }
  } catch (const mriembed::Error&) {  // a refusal
    return 0;
  }
  return 0;
}
