#include "text/one_line.hpp"

#include <gtest/gtest.h>

namespace mriembed::text {
namespace {

TEST(OneLine, has_no_control_characters_and_no_separators_of_lines) {
  EXPECT_EQ(one_line("a\nb\tc\x1b[31m\x7f\r\n"), "a b c [31m ");
  EXPECT_EQ(one_line("a\xc2\x85"
                     "b\xe2\x80\xa8"
                     "c\xe2\x80\xa9"
                     "d"),
            "a b c d");
  EXPECT_EQ(one_line("M\xc3\xbcnchen \xe2\x80\x9cx\xe2\x80\x9d"), "M\xc3\xbcnchen \xe2\x80\x9cx\xe2\x80\x9d");
}

TEST(OneLine, is_utf_8) { EXPECT_EQ(one_line("a\xff\xfe"), "a\xef\xbf\xbd\xef\xbf\xbd"); }

}  // namespace
}  // namespace mriembed::text
