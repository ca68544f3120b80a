// The seal at the end of a model file: of any bytes, and of bytes that are sealed with a digest that fits, which no
// fuzzer finds by itself.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "model_file/public_key.hpp"
#include "model_file/seal.hpp"
#include "model_file/sha256.hpp"
#include "mriembed/error.hpp"

namespace {

// Whether the bytes have a seal. One that was read must be one of these bytes.
bool has_seal(std::string_view file) {
  try {
    const auto seal = mriembed::read_seal(file);
    if (!seal) {
      return false;
    }
    const std::string message = mriembed::signed_message(file, *seal);
    for (const mriembed::Signature& signature : seal->signatures) {
      static_cast<void>(mriembed::is_signed_by(signature.key, signature.value, message));
    }
    if (seal->archive_size >= file.size() || mriembed::ends_as_plain_archive(file)) {
      __builtin_trap();
    }
    return true;
  } catch (const mriembed::Error&) {  // a refusal
    return false;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  static_cast<void>(mriembed::ends_as_plain_archive(bytes));
  static_cast<void>(has_seal(bytes));
  mriembed::Sha256 sha256;
  sha256.update(bytes.data(), bytes.size());
  std::string sealed = bytes + "sha256 " + mriembed::hexadecimal(sha256.digest()) + "\n";
  if (has_seal(sealed)) {
    sealed[size / 2] = static_cast<char>(sealed[size / 2] ^ 1);
    if (has_seal(sealed)) {
      __builtin_trap();  // a changed byte went unnoticed
    }
  }
  return 0;
}
