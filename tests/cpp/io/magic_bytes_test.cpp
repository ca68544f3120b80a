#include "magic_bytes.hpp"

#include <sys/stat.h>

#include "scan_files.hpp"

namespace mriembed::io::testing_files {
namespace {

TEST(FileStart, gives_the_first_bytes) {
  EXPECT_EQ(magic_bytes(written(".x", "0123456789")), "01234567");
  EXPECT_EQ(magic_bytes(written(".x", "012")), "012");
}

TEST(FileStart, does_not_wait_for_a_pipe) {
  const std::string path = fresh_path("");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_NE(refusal_of(path).find("a pipe or a device"), std::string::npos);
  EXPECT_NE(refusal_of("/dev/zero").find("a pipe or a device"), std::string::npos);
}

TEST(FileStart, knows_hdf5) {
  const std::string signature = "\x89HDF\r\n\x1a\n";
  EXPECT_TRUE(is_hdf5(written("", signature + "more")));
  EXPECT_FALSE(is_hdf5(written("", "\x89HDF")));
  EXPECT_FALSE(is_hdf5(testing::TempDir()));
  EXPECT_FALSE(is_hdf5(fresh_path("")));
}

TEST(FileStart, knows_hdf5_behind_a_user_block) {
  const std::string signature = "\x89HDF\r\n\x1a\n";
  for (const std::size_t block : {512U, 1024U, 4096U}) {
    EXPECT_TRUE(is_hdf5(written("", std::string(block, 'm') + signature + "more"))) << block;
    EXPECT_FALSE(is_hdf5(written("", std::string(block - 1, 'm') + signature + "more"))) << block;
  }
  EXPECT_FALSE(is_hdf5(written("", std::string(2000, 'm'))));
}

}  // namespace
}  // namespace mriembed::io::testing_files
