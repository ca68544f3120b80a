#include "scan_reader.hpp"

#include <filesystem>

#include "hdf5_writing.hpp"
#include "scan_files.hpp"

namespace mriembed::io::testing_files {
namespace {

TEST(ScanReader, tells_the_format_by_content_not_by_name) {
  const std::vector<Complex> samples(8, Complex(1));
  const std::string path = written(".h5", npy_bytes("<c8", false, "2, 2, 2", bytes_of(samples)));
  EXPECT_EQ(open_scan(path, {})->summary().format, "NumPy");
  const std::string raw =
      written_mrd(mrd_xml(MrdMatrix()), {line(1, 8, 0), line(1, 8, 1), line(1, 8, 2), line(1, 8, 3)});
  const std::string renamed = fresh_path(".npy");
  std::filesystem::rename(raw, renamed);
  EXPECT_EQ(open_scan(renamed, {})->summary().format, "MRD raw data");
}

TEST(ScanReader, refuses_what_is_no_scan_by_its_cause) {
  EXPECT_NE(refusal_of(fresh_path(".h5")).find("No such file"), std::string::npos);
  EXPECT_NE(refusal_of(testing::TempDir()).find("a folder"), std::string::npos);
  EXPECT_NE(refusal_of(written(".h5", "")).find("empty"), std::string::npos);
  EXPECT_NE(refusal_of(written(".h5", "some text")).find("no scan of a known format"), std::string::npos);
  EXPECT_NE(refusal_of(written(".dat", "raw data of a scanner")).find("`mriembed convert` makes"), std::string::npos);
  EXPECT_NE(refusal_of(written(".h5", "\x89HDF\r\n\x1a\n")).find("damaged"), std::string::npos);
}

TEST(ScanReader, refuses_hdf5_without_a_scan) {
  const std::string path = fresh_path(".h5");
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT);
  write_text(file, "note", "nothing to see");
  H5Fclose(file);
  EXPECT_NE(refusal_of(path).find("without a scan"), std::string::npos);
}

}  // namespace
}  // namespace mriembed::io::testing_files
