#include "server/image_meta.hpp"

#include <gtest/gtest.h>

namespace mriembed::server {
namespace {

TEST(ImageMeta, is_xml_in_the_order_of_its_values) {
  ImageMeta meta;
  meta.add("b", "1 < 2 & 3");
  meta.add("a", "");
  EXPECT_EQ(meta.text(),
            "<ismrmrdMeta><meta><name>b</name><value>1 &lt; 2 &amp; 3</value></meta>"
            "<meta><name>a</name><value></value></meta></ismrmrdMeta>");
}

// RFC 4648, section 10.
TEST(Base64, is_that_of_the_rfc) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
}

}  // namespace
}  // namespace mriembed::server
