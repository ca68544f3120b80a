#include "weights_digest.hpp"

#include <openssl/evp.h>

#include <array>

#include "mriembed/error.hpp"

namespace mriembed {

namespace {

void check(int status) {
  if (status != 1) {
    throw Error(ErrorCode::internal, "SHA-256 is not available from OpenSSL on this machine");
  }
}

}  // namespace

void WeightsDigest::Free::operator()(evp_md_ctx_st* context) const noexcept { EVP_MD_CTX_free(context); }

WeightsDigest::WeightsDigest() : context_(EVP_MD_CTX_new()) {
  check(context_ != nullptr ? 1 : 0);
  check(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
}

void WeightsDigest::add(const std::string& name, const std::string& dtype, const std::string& shape, const void* values,
                        std::size_t bytes) {
  for (const std::string* text : {&name, &dtype, &shape}) {
    update(text->c_str(), text->size() + 1);
  }
  update(values, bytes);
}

std::string WeightsDigest::hexadecimal() {
  std::array<unsigned char, 32> digest{};
  check(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr));
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : digest) {
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

void WeightsDigest::update(const void* bytes, std::size_t count) {
  check(EVP_DigestUpdate(context_.get(), bytes, count));
}

}  // namespace mriembed
