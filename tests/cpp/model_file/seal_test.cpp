#include "model_file/seal.hpp"

#include <gtest/gtest.h>

#include <string>

#include "mriembed/error.hpp"
#include "mriembed/version.h"

namespace {

using mriembed::read_seal;

// The end of an archive with a comment of this length, after some bytes that stand for its records.
std::string archive(std::size_t comment) {
  std::string bytes = "records PK\5\6" + std::string(16, '\1');
  bytes += static_cast<char>(comment & 255U);
  bytes += static_cast<char>(comment >> 8U);
  return bytes;
}

std::string with_digest(const std::string& bytes) {
  mriembed::Sha256 sha256;
  sha256.update(bytes.data(), bytes.size());
  return bytes + "sha256 " + mriembed::hexadecimal(sha256.digest()) + "\n";
}

const std::string signature_line = "ed25519 " + std::string(64, 'a') + " " + std::string(128, 'b') + "\n";
constexpr std::size_t bare = 16 + 72;

std::string sealed() { return with_digest(archive(bare) + "mriembed-seal 1\n"); }

std::string refusal_of(const std::string& file) {
  try {
    return read_seal(file) ? "accepted" : "no seal";
  } catch (const mriembed::Error& error) {
    EXPECT_EQ(error.code(), mriembed::ErrorCode::bad_model_file);
    return error.what();
  }
}

TEST(Seal, that_fits_names_the_archive_before_it) {
  const auto seal = read_seal(sealed());
  ASSERT_TRUE(seal);
  EXPECT_EQ(seal->archive_size, archive(bare).size());
  EXPECT_TRUE(seal->signatures.empty());
}

TEST(Seal, gives_its_signatures_in_their_order) {
  std::string other = signature_line;
  other[8] = 'c';
  const std::size_t comment = bare + 2 * signature_line.size();
  const auto seal = read_seal(with_digest(archive(comment) + "mriembed-seal 1\n" + signature_line + other));
  ASSERT_TRUE(seal);
  ASSERT_EQ(seal->signatures.size(), 2U);
  EXPECT_EQ(seal->signatures[0].key, std::string(64, 'a'));
  EXPECT_EQ(seal->signatures[1].key, "c" + std::string(63, 'a'));
  EXPECT_EQ(seal->signatures[1].value, std::string(128, 'b'));
}

TEST(Seal, with_any_bit_flipped_is_refused_or_none) {
  const std::string whole = sealed();
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(static_cast<unsigned char>(damaged[bit / 8]) ^ (1U << (bit % 8)));
    EXPECT_NE(refusal_of(damaged), "accepted") << "bit " << bit;
    EXPECT_FALSE(mriembed::ends_as_plain_archive(damaged)) << "bit " << bit;
  }
}

TEST(Seal, cut_anywhere_or_with_bytes_behind_it_is_none) {
  const std::string whole = sealed();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_EQ(refusal_of(whole.substr(0, length)), "no seal") << length << " bytes";
  }
  EXPECT_EQ(refusal_of(whole + "\n"), "no seal");
}

TEST(Seal, of_another_form_is_refused_though_its_digest_fits) {
  const std::string reason = "its seal is not one that mriembed writes; `mriembed export` writes model files";
  EXPECT_EQ(refusal_of(with_digest(archive(bare + 1) + "mriembed-seal 1\n")), reason);
  EXPECT_EQ(refusal_of(with_digest(archive(bare) + "mriembed-seal 1 ")), reason);
  EXPECT_EQ(refusal_of(with_digest("no archive, but long enough to be one mriembed-seal 1\n")), reason);
  EXPECT_EQ(refusal_of(with_digest("mriembed-seal 1\n")), reason);
  std::string line = signature_line;
  line[20] = 'A';
  EXPECT_EQ(refusal_of(with_digest(archive(bare + line.size()) + "mriembed-seal 1\n" + line)), reason);
}

TEST(Seal, of_another_version_is_refused_by_name) {
  EXPECT_EQ(refusal_of(with_digest(archive(bare) + "mriembed-seal 7\n")),
            "its seal has version 7; this mriembed " MRIEMBED_VERSION " reads version 1");
}

TEST(Seal, with_more_signatures_than_a_comment_holds_is_refused) {
  std::string lines;
  for (int line = 0; line < 400; ++line) {
    lines += signature_line;
  }
  EXPECT_NE(refusal_of(with_digest(archive(bare) + "mriembed-seal 1\n" + lines)), "accepted");
}

TEST(Seal, is_signed_as_the_archive_was_before_it) {
  const std::string file = sealed();
  mriembed::Sha256 sha256;
  sha256.update(archive(0).data(), archive(0).size());
  const mriembed::Sha256Digest digest = sha256.digest();
  EXPECT_EQ(mriembed::signed_message(file, *read_seal(file)),
            "mriembed model file 1\n" + std::string(digest.begin(), digest.end()));
}

TEST(Seal, is_not_needed_by_a_plain_archive) {
  EXPECT_TRUE(mriembed::ends_as_plain_archive(archive(0)));
  EXPECT_FALSE(mriembed::ends_as_plain_archive(archive(1)));
  EXPECT_FALSE(mriembed::ends_as_plain_archive(archive(0) + "\n"));
  EXPECT_FALSE(mriembed::ends_as_plain_archive(""));
}

}  // namespace
