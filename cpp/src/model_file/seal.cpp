#include "model_file/seal.hpp"

#include <algorithm>
#include <cstdint>

#include "mriembed/error.hpp"
#include "mriembed/version.h"

namespace mriembed {

namespace {

constexpr std::string_view head = "mriembed-seal 1\n";
constexpr std::string_view head_of_any_version = "mriembed-seal ";
constexpr std::string_view signature_word = "ed25519 ";
constexpr std::string_view digest_word = "sha256 ";
constexpr std::size_t key_digits = 64;
constexpr std::size_t signature_digits = 128;
constexpr std::size_t digest_digits = 64;
constexpr std::size_t signature_line = signature_word.size() + key_digits + 1 + signature_digits + 1;
constexpr std::size_t digest_line = digest_word.size() + digest_digits + 1;

// The end of a ZIP archive (APPNOTE 4.3.16): a record of this size, whose last two bytes are the length of the comment
// that follows it, low byte first.
constexpr std::string_view end_of_archive = "PK\5\6";
constexpr std::size_t end_record = 22;
constexpr std::size_t longest_comment = 65535;

[[noreturn]] void refuse(const std::string& reason) { throw Error(ErrorCode::bad_model_file, reason); }

bool is_hexadecimal(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string sha256_of(std::string_view bytes) {
  Sha256 sha256;
  sha256.update(bytes.data(), bytes.size());
  return hexadecimal(sha256.digest());
}

// The digest in the last line, nothing where the file does not end with such a line.
std::optional<std::string_view> stated_digest(std::string_view file) {
  if (file.size() < head.size() + digest_line || !file.ends_with('\n')) {
    return std::nullopt;
  }
  const std::string_view line = file.substr(file.size() - digest_line);
  const std::string_view digest = line.substr(digest_word.size(), digest_digits);
  if (!line.starts_with(digest_word) || !is_hexadecimal(digest)) {
    return std::nullopt;
  }
  return digest;
}

std::optional<Signature> signature_at_end(std::string_view bytes) {
  if (bytes.size() < signature_line) {
    return std::nullopt;
  }
  const std::string_view line = bytes.substr(bytes.size() - signature_line);
  const std::string_view key = line.substr(signature_word.size(), key_digits);
  const std::string_view value = line.substr(signature_word.size() + key_digits + 1, signature_digits);
  if (!line.starts_with(signature_word) || line[signature_word.size() + key_digits] != ' ' || !line.ends_with('\n') ||
      !is_hexadecimal(key) || !is_hexadecimal(value)) {
    return std::nullopt;
  }
  return Signature{std::string(key), std::string(value)};
}

std::size_t comment_length(std::string_view archive) {
  const auto low = static_cast<std::uint8_t>(archive[archive.size() - 2]);
  const auto high = static_cast<std::uint8_t>(archive[archive.size() - 1]);
  return low + (static_cast<std::size_t>(high) << 8U);
}

bool ends_with_end_record(std::string_view archive) {
  return archive.size() >= end_record && archive.substr(archive.size() - end_record).starts_with(end_of_archive);
}

// A seal of a form that this library does not know, named by its version where it states one.
[[noreturn]] void refuse_form(std::string_view before_last_line) {
  const std::size_t start = before_last_line.rfind(head_of_any_version);
  if (start != std::string_view::npos) {
    const std::string_view rest = before_last_line.substr(start + head_of_any_version.size());
    const std::string_view version = rest.substr(0, rest.find('\n'));
    constexpr std::size_t longest_version = 8;
    if (version != "1" && version.size() <= longest_version && is_hexadecimal(version)) {
      refuse("its seal has version " + std::string(version) + "; this mriembed " MRIEMBED_VERSION " reads version 1");
    }
  }
  refuse("its seal is not one that mriembed writes; `mriembed export` writes model files");
}

}  // namespace

std::optional<Seal> read_seal(std::string_view file) {
  const auto digest = stated_digest(file);
  if (!digest) {
    return std::nullopt;
  }
  std::string_view rest = file.substr(0, file.size() - digest_line);
  if (sha256_of(rest) != *digest) {
    refuse("its bytes are not those that were sealed (SHA-256 differs): the file is damaged or was changed");
  }
  const std::string_view sealed = rest;
  Seal seal;
  while (const auto signature = signature_at_end(rest)) {
    seal.signatures.insert(seal.signatures.begin(), *signature);
    rest.remove_suffix(signature_line);
    if (file.size() - rest.size() > longest_comment) {
      refuse_form(sealed);
    }
  }
  if (!rest.ends_with(head)) {
    refuse_form(sealed);
  }
  rest.remove_suffix(head.size());
  if (!ends_with_end_record(rest) || comment_length(rest) != file.size() - rest.size()) {
    refuse_form(sealed);
  }
  seal.archive_size = rest.size();
  return seal;
}

bool ends_as_plain_archive(std::string_view file) { return ends_with_end_record(file) && comment_length(file) == 0; }

std::string signed_message(std::string_view file, const Seal& seal) {
  constexpr std::string_view no_comment("\0\0", 2);
  Sha256 sha256;
  sha256.update(file.data(), seal.archive_size - no_comment.size());
  sha256.update(no_comment.data(), no_comment.size());
  const Sha256Digest digest = sha256.digest();
  std::string message = "mriembed model file 1\n";
  message.append(digest.begin(), digest.end());
  return message;
}

}  // namespace mriembed
