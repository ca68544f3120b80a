#include "model_file/public_key.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "mriembed/error.hpp"
#include "scratch_folder.hpp"

namespace {

// RFC 8032, section 7.1, TEST 2: the message is one byte, 0x72.
constexpr const char* key = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
constexpr const char* signature =
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";

std::string written(const std::string& name, const std::string& text) {
  const std::string path = mriembed::testing_files::scratch_folder() / name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

TEST(PublicKey, finds_the_signature_of_the_standard_right) {
  EXPECT_TRUE(mriembed::is_signed_by(key, signature, "\x72"));
}

TEST(PublicKey, finds_another_message_signature_or_key_wrong) {
  EXPECT_FALSE(mriembed::is_signed_by(key, signature, "\x73"));
  EXPECT_FALSE(mriembed::is_signed_by(key, std::string(128, '0'), "\x72"));
  EXPECT_FALSE(mriembed::is_signed_by(std::string(64, '0'), signature, "\x72"));
  EXPECT_FALSE(mriembed::is_signed_by("", "", "\x72"));
  EXPECT_FALSE(mriembed::is_signed_by(std::string(64, 'x'), signature, "\x72"));
}

TEST(PublicKey, is_read_from_pem_as_openssl_writes_it) {
  // The key above after the 12 bytes that RFC 8410 puts before an Ed25519 public key, in base64.
  const std::string path = written("key.pub",
                                   "-----BEGIN PUBLIC KEY-----\n"
                                   "MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n"
                                   "-----END PUBLIC KEY-----\n");
  EXPECT_EQ(mriembed::read_public_key(path), key);
}

TEST(PublicKey, of_other_content_is_refused_by_name) {
  for (const char* text : {"", "text", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"}) {
    const std::string path = written("wrong.pub", text);
    try {
      mriembed::read_public_key(path);
      ADD_FAILURE() << "accepted: " << text;
    } catch (const mriembed::Error& error) {
      EXPECT_EQ(error.code(), mriembed::ErrorCode::invalid_argument);
      EXPECT_EQ(error.what(), path + ": this is not an Ed25519 public key in PEM form; `mriembed keygen` makes one");
    }
  }
}

}  // namespace
