#include "file_start.hpp"

#include <sys/stat.h>

#include "scan_files.hpp"

namespace mriembed::io::testing_files {
namespace {

TEST(FileStart, gives_the_first_bytes) {
  EXPECT_EQ(file_start(written(".x", "0123456789")), "01234567");
  EXPECT_EQ(file_start(written(".x", "012")), "012");
}

TEST(FileStart, does_not_wait_for_a_pipe) {
  const std::string path = fresh_path("");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_NE(refusal_of(path).find("a pipe or a device"), std::string::npos);
  EXPECT_NE(refusal_of("/dev/zero").find("a pipe or a device"), std::string::npos);
}

TEST(FileStart, knows_hdf5) {
  EXPECT_TRUE(begins_as_hdf5(written("", "\x89HDF\r\n\x1a\nmore")));
  EXPECT_FALSE(begins_as_hdf5(written("", "\x89HDF")));
  EXPECT_FALSE(begins_as_hdf5(testing::TempDir()));
  EXPECT_FALSE(begins_as_hdf5(fresh_path("")));
}

}  // namespace
}  // namespace mriembed::io::testing_files
