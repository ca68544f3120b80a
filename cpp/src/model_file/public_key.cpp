#include "model_file/public_key.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <fstream>
#include <memory>
#include <optional>
#include <span>
#include <system_error>

#include "model_file/sha256.hpp"
#include "mriembed/error.hpp"

namespace mriembed {

namespace {

constexpr std::size_t key_bytes = 32;
constexpr std::size_t signature_bytes = 64;
constexpr std::size_t longest_file = 4096;

struct Free {
  void operator()(BIO* source) const noexcept { BIO_free(source); }
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using Source = std::unique_ptr<BIO, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Context = std::unique_ptr<EVP_MD_CTX, Free>;

[[noreturn]] void refuse(const std::string& path, const std::string& reason) {
  throw Error(path, Error(ErrorCode::invalid_argument, reason));
}

std::string read_text(const std::string& path) {
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    refuse(path, "the public key cannot be opened: " + std::generic_category().message(errno));
  }
  std::string text(longest_file, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) {
    refuse(path, "the public key cannot be read; is this a folder?");
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

// No passphrase is ever asked for on the terminal.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) { return 0; }

template <std::size_t Count>
std::optional<std::array<unsigned char, Count>> bytes_of(std::string_view digits) {
  std::array<unsigned char, Count> bytes{};
  if (digits.size() != 2 * Count) {
    return std::nullopt;
  }
  for (std::size_t index = 0; index < Count; ++index) {
    const char* first = digits.data() + 2 * index;
    const auto [end, failure] = std::from_chars(first, first + 2, bytes.at(index), 16);
    if (failure != std::errc() || end != first + 2) {
      return std::nullopt;
    }
  }
  return bytes;
}

}  // namespace

std::string read_public_key(const std::string& path) {
  const std::string text = read_text(path);
  if (text.find("PRIVATE KEY") != std::string::npos) {
    refuse(path, "this is a private key; only its public half is needed here (the .pub file of `mriembed keygen`)");
  }
  const Source source(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  const Key key(source ? PEM_read_bio_PUBKEY(source.get(), nullptr, &no_passphrase, nullptr) : nullptr);
  std::array<unsigned char, key_bytes> bytes{};
  std::size_t size = bytes.size();
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_ED25519 ||
      EVP_PKEY_get_raw_public_key(key.get(), bytes.data(), &size) != 1 || size != bytes.size()) {
    refuse(path, "this is not an Ed25519 public key in PEM form; `mriembed keygen` makes one");
  }
  return hexadecimal(bytes);
}

bool is_signed_by(std::string_view key, std::string_view signature, std::string_view message) {
  const auto key_values = bytes_of<key_bytes>(key);
  const auto signature_values = bytes_of<signature_bytes>(signature);
  if (!key_values || !signature_values) {
    return false;
  }
  const Key public_key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key_values->data(), key_values->size()));
  const Context context(EVP_MD_CTX_new());
  if (!public_key || !context ||
      EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, public_key.get()) != 1) {
    return false;
  }
  return EVP_DigestVerify(context.get(), signature_values->data(), signature_values->size(),
                          reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1;
}

}  // namespace mriembed
