#include "model_file/origin.hpp"

#include <algorithm>
#include <optional>

#include "model_file/public_key.hpp"
#include "model_file/seal.hpp"
#include "mriembed/error.hpp"

namespace mriembed {

namespace {

[[noreturn]] void refuse(const std::string& reason) { throw Error(ErrorCode::bad_model_file, reason); }

std::vector<std::string> signers_of(std::string_view file, const Seal& seal) {
  std::vector<std::string> signers;
  if (seal.signatures.empty()) {
    return signers;
  }
  const std::string message = signed_message(file, seal);
  for (const Signature& signature : seal.signatures) {
    if (!is_signed_by(signature.key, signature.value, message)) {
      refuse("the signature by key " + signature.key + " is not one of this file; sign it again");
    }
    signers.push_back(signature.key);
  }
  return signers;
}

void check_signers(const Origin& origin, const Trust& trust) {
  if (trust.keys.empty()) {
    return;
  }
  for (const std::string& path : trust.keys) {
    if (std::find(origin.signers.begin(), origin.signers.end(), read_public_key(path)) != origin.signers.end()) {
      return;
    }
  }
  if (origin.signers.empty()) {
    refuse("it is not signed, and only files signed by a trusted key may be loaded; `mriembed sign` signs one");
  }
  std::string keys;
  for (const std::string& key : origin.signers) {
    keys += (keys.empty() ? "" : ", ") + key;
  }
  refuse("it is signed by " + keys + ", which is none of the trusted keys");
}

}  // namespace

Origin check_origin(std::string_view file, const Trust& trust) {
  Origin origin;
  if (const std::optional<Seal> seal = read_seal(file)) {
    origin.sealed = true;
    origin.signers = signers_of(file, *seal);
    origin.archive_size = seal->archive_size;
  } else if (!trust.allow_unsealed) {
    refuse(
        "it has no intact seal at its end: it is cut short, damaged, or was not written by mriembed; if you know its "
        "origin, --allow-unsealed (allow_unsealed) loads it");
  } else if (!ends_as_plain_archive(file)) {
    // A seal that was damaged must not pass for none.
    refuse("it is neither sealed nor a plain TorchScript archive: bytes are missing, or others stand at its end");
  } else {
    origin.archive_size = file.size();
  }
  check_signers(origin, trust);
  return origin;
}

}  // namespace mriembed
