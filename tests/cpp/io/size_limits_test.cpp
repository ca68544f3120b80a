#include "size_limits.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "mriembed/error.hpp"

namespace mriembed::io {
namespace {

TEST(Refuse, shows_a_files_text_without_what_a_terminal_would_obey) {
  EXPECT_EQ(shown("plain text"), "plain text");
  EXPECT_EQ(shown("a\x1b[2J\n\xc4\x9bz"),
            "a?[2J?"
            "?"
            "?z");
  EXPECT_EQ(shown(std::string(101, 'x')), std::string(100, 'x') + "...");
}

TEST(Refuse, multiplies_sizes_without_overflow) {
  EXPECT_EQ(checked_product(1 << 20U, 1 << 20U, "it"), std::int64_t{1} << 40U);
  EXPECT_EQ(checked_product(0, std::numeric_limits<std::int64_t>::max() / 4, "it"), 0);
  EXPECT_THROW(checked_product(std::int64_t{1} << 31U, std::int64_t{1} << 32U, "it"), Error);
  EXPECT_THROW(checked_product(-1, 1, "it"), Error);
}

TEST(Refuse, justifies_64_times_the_file_and_1_mib_beside) {
  constexpr std::int64_t file_size = 1000;
  constexpr std::int64_t allowed = 64 * file_size + (1 << 20U);
  EXPECT_NO_THROW(check_justified(allowed, file_size, "it"));
  EXPECT_THROW(check_justified(allowed + 64, file_size, "it"), Error);
}

TEST(SizeLimits, refuse_what_is_no_image_but_one_line) {
  EXPECT_NO_THROW(check_plane(2, 2));
  for (const auto& [height, width] : {std::pair{1, 256}, {256, 1}, {1, 1}}) {
    try {
      check_plane(height, width);
      FAIL();
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("are no images, but a projection, a spectrum or noise"),
                std::string::npos);
    }
  }
}

}  // namespace
}  // namespace mriembed::io
