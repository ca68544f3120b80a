#include "model_file/weights_digest.hpp"

#include <gtest/gtest.h>

#include <array>

namespace {

TEST(WeightsDigest, of_nothing_is_the_sha256_of_the_empty_string) {
  EXPECT_EQ(mriembed::WeightsDigest().hexadecimal(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(WeightsDigest, covers_name_dtype_shape_and_values) {
  // python3: hashlib.sha256(b"stem.bias\0float32\x002\0" + struct.pack("<2f", 1.5, -2.0)).hexdigest()
  const std::array<float, 2> values{1.5F, -2.0F};
  mriembed::WeightsDigest digest;
  digest.add("stem.bias", "float32", "2", values.data(), sizeof(values));
  EXPECT_EQ(digest.hexadecimal(), "5500be0cd1d9971da9db0530b4fb6fee2776151ff466bd238b9c2b061f6f8d3d");
}

}  // namespace
