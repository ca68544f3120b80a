#include "server/image_meta.hpp"

#include <gtest/gtest.h>

#include <pugixml.hpp>

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

TEST(ImageMeta, has_the_values_of_a_list_one_after_the_other) {
  ImageMeta meta;
  meta.add("direction", std::vector<std::string>{"1", "0", "-0.5"});
  EXPECT_EQ(meta.text(),
            "<ismrmrdMeta><meta><name>direction</name><value>1</value><value>0</value><value>-0.5</value></meta>"
            "</ismrmrdMeta>");
}

// As a parser of XML reads it.
TEST(ImageMeta, keeps_what_a_client_named_its_measurement) {
  ImageMeta meta;
  meta.add("id", "a\n\tb > \"c\" 'd' \xc3\xa4");
  pugi::xml_document document;
  ASSERT_TRUE(document.load_string(meta.text().c_str()));
  EXPECT_STREQ(document.child("ismrmrdMeta").child("meta").child_value("value"), "a\n\tb > \"c\" 'd' \xc3\xa4");
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
