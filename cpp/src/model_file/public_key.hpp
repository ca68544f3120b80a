// Public keys that sign model files: Ed25519 (RFC 8032), by OpenSSL.
#pragma once

#include <string>
#include <string_view>

namespace mriembed {

// Reads a public key, PEM (SubjectPublicKeyInfo, RFC 8410), as `mriembed keygen` and `openssl pkey -pubout` write it.
// Returns its 64 hexadecimal digits. Throws Error invalid_argument, naming the file.
std::string read_public_key(const std::string& path);

// Whether `signature`, 128 hexadecimal digits, is one of `message` by `key`, 64 hexadecimal digits.
bool is_signed_by(std::string_view key, std::string_view signature, std::string_view message);

}  // namespace mriembed
