#include "hdf5_scan.hpp"

#include "hdf5_writing.hpp"
#include "scan_files.hpp"

namespace mriembed::io::testing_files {
namespace {

std::string written_note() {
  std::string path = fresh_path(".h5");
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT);
  write_text(file, "note", "nothing to see");
  H5Fclose(file);
  return path;
}

TEST(Hdf5Scan, refuses_hdf5_without_a_scan) {
  const std::string refusal = refusal_of(written_note());
  EXPECT_NE(refusal.find("without a scan"), std::string::npos);
  EXPECT_NE(refusal.find("expected fastMRI (kspace), MRD (a group with xml and data) or MRD images"), std::string::npos)
      << refusal;
}

TEST(Hdf5Scan, refuses_a_choice_among_measurements_where_there_are_none) {
  ReadOptions options;
  options.group = "scan_2";
  EXPECT_NE(refusal_of(written_note(), options).find("no raw MRD measurements to choose \"scan_2\" from"),
            std::string::npos);
  ReadOptions noise;
  noise.noise = NoiseUse::alone;
  EXPECT_NE(refusal_of(written_note(), noise).find("no raw MRD measurement with noise lines"), std::string::npos);
}

}  // namespace
}  // namespace mriembed::io::testing_files
