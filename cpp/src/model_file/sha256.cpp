#include "model_file/sha256.hpp"

#include <openssl/evp.h>

#include <string_view>

#include "mriembed/error.hpp"

namespace mriembed {

namespace {

void check(int status) {
  if (status != 1) {
    throw Error(ErrorCode::internal, "SHA-256 is not available from OpenSSL on this machine");
  }
}

}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const noexcept { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  check(context_ != nullptr ? 1 : 0);
  check(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
}

void Sha256::update(const void* bytes, std::size_t count) { check(EVP_DigestUpdate(context_.get(), bytes, count)); }

Sha256Digest Sha256::digest() {
  Sha256Digest digest{};
  check(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr));
  return digest;
}

std::string hexadecimal(std::span<const unsigned char> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const unsigned char byte : bytes) {
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

}  // namespace mriembed
