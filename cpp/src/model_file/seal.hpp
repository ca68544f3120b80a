// The seal at the end of a model file: text in the ZIP archive's comment, which torch.jit.load skips.
//
//   mriembed-seal 1
//   ed25519 <public key, 64 hexadecimal digits> <signature, 128>        (none, one or several such lines)
//   sha256 <64 hexadecimal digits>
//
// Each line ends with a line feed, digits are lower-case. The SHA-256 is that of every byte of the file before its own
// line, signatures included, so no bit of the file can change unnoticed. A signature is one (Ed25519, RFC 8032) of the
// text "mriembed model file 1\n" followed by the 32 bytes of the archive's SHA-256: of the file as it was before it got
// a seal, whose last two bytes, the length of the ZIP comment, were zero. python/mriembed/seal.py writes seals.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model_file/sha256.hpp"

namespace mriembed {

struct Signature {
  std::string key;    // 64 hexadecimal digits
  std::string value;  // 128 hexadecimal digits
};

struct Seal {
  std::size_t archive_size = 0;  // bytes of the file before the seal
  std::vector<Signature> signatures;
};

// The seal of a whole file's bytes, nothing where there is none. Throws Error bad_model_file, without the file's name,
// where a seal does not fit the bytes before it or is of a form that this library does not know.
std::optional<Seal> read_seal(std::string_view file);

// Whether the file ends as a ZIP archive without a comment does: nothing stands behind the archive.
bool ends_as_plain_archive(std::string_view file);

// What the signatures of a sealed file sign.
std::string signed_message(std::string_view file, const Seal& seal);

}  // namespace mriembed
