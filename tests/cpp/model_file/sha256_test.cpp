#include "model_file/sha256.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

// FIPS 180-4, the examples of NIST's cryptographic toolkit.
TEST(Sha256, of_nothing_and_of_abc_are_those_of_the_standard) {
  EXPECT_EQ(mriembed::hexadecimal(mriembed::Sha256().digest()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  mriembed::Sha256 sha256;
  sha256.update("abc", 3);
  EXPECT_EQ(mriembed::hexadecimal(sha256.digest()), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, is_that_of_all_parts_together) {
  mriembed::Sha256 sha256;
  sha256.update("a", 1);
  sha256.update("bc", 2);
  EXPECT_EQ(mriembed::hexadecimal(sha256.digest()), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
