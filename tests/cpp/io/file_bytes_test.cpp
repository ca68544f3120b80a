#include "file_bytes.hpp"

#include "scan_files.hpp"

namespace mriembed::io::testing_files {
namespace {

TEST(FileBytes, gives_what_lies_at_its_place) {
  FileBytes bytes(written(".bin", std::string("\x01\x02\x03\x04\x05\x06hello", 11)));
  EXPECT_EQ(bytes.size(), 11);
  EXPECT_EQ(bytes.number<std::uint16_t>(), 0x0201);
  bytes.skip(4);
  EXPECT_EQ(bytes.place(), 6);
  EXPECT_EQ(bytes.text(3), "hel");
  EXPECT_EQ(bytes.left(), 2);
  bytes.go_to(1);
  EXPECT_EQ(bytes.number<std::uint32_t>(), 0x05040302U);
}

TEST(FileBytes, is_cut_short_beyond_its_end_and_stays_where_it_is) {
  FileBytes bytes(written(".bin", "abcd"));
  bytes.skip(2);
  EXPECT_THROW(bytes.number<std::uint32_t>(), FileBytes::CutShort);
  EXPECT_THROW(bytes.text(std::uint64_t{1} << 63U), FileBytes::CutShort);
  EXPECT_THROW(bytes.skip(~std::uint64_t{0}), FileBytes::CutShort);
  EXPECT_EQ(bytes.text(2), "cd");
  EXPECT_EQ(bytes.left(), 0);
}

}  // namespace
}  // namespace mriembed::io::testing_files
