#include "scan_file.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <complex>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "scan_files.hpp"

namespace mriembed::io::testing_files {
namespace {

std::string written_array(const std::string& ending, const std::string& shape, std::size_t samples) {
  return written(ending, npy_bytes("<c8", false, shape, bytes_of(std::vector<Complex>(samples, Complex(1)))));
}

TEST(ScanFile, tells_the_format_by_content_not_by_name) {
  EXPECT_EQ(open_scan(written_array(".h5", "2, 2, 2", 8), {})->summary().format, "NumPy");
  const std::string raw =
      written_mrd(mrd_xml(MrdMatrix()), {line(1, 8, 0), line(1, 8, 1), line(1, 8, 2), line(1, 8, 3)});
  const std::string renamed = fresh_path(".npy");
  std::filesystem::rename(raw, renamed);
  EXPECT_EQ(open_scan(renamed, {})->summary().format, "MRD raw data");
}

TEST(ScanFile, refuses_what_is_no_scan_by_its_cause) {
  EXPECT_NE(refusal_of(fresh_path(".h5")).find("No such file"), std::string::npos);
  EXPECT_NE(refusal_of(testing::TempDir()).find("a folder"), std::string::npos);
  EXPECT_NE(refusal_of(written(".h5", "")).find("empty"), std::string::npos);
  EXPECT_NE(refusal_of(written(".h5", "some text")).find("not a scan of a known format"), std::string::npos);
  EXPECT_EQ(refusal_of(written(".h5.gz", "\x1f\x8b\x08 and more")), "a file compressed with gzip; decompress it first");
  EXPECT_EQ(refusal_of(written(".npz", "PK\x03\x04 and more")), "a file compressed with zip; decompress it first");
  EXPECT_NE(refusal_of(written(".dat", "raw data of a scanner")).find("`mriembed convert` converts"),
            std::string::npos);
  EXPECT_NE(refusal_of(written(".h5", "\x89HDF\r\n\x1a\n")).find("damaged"), std::string::npos);
}

TEST(ScanFile, names_the_formats_to_whom_it_refuses_another) {
  const std::string refusal = refusal_of(written(".x", "some text"));
  for (const std::string name : {"MRD (ISMRMRD)", "fastMRI", "HDF5", "NumPy", "BART", "and MRD streams"}) {
    EXPECT_NE(refusal.find(name), std::string::npos) << refusal;
  }
}

TEST(ScanFile, takes_a_folder_beside_an_array_of_its_name_for_no_scan) {
  const std::string base = fresh_path("");
  std::ofstream(base + ".hdr") << "# Dimensions\n2 2 1 1\n";
  std::ofstream(base + ".cfl") << std::string(32, '1');
  EXPECT_EQ(open_scan_file(base, {})->summary().format, "BART");
  std::filesystem::create_directory(base);
  EXPECT_NE(refusal_of(base).find("a folder"), std::string::npos);
}

TEST(ScanFile, gives_hdf5_to_the_program_that_the_options_name) {
  const std::string program = written("", "#!/bin/sh\nprintf '\\003\\000\\000\\000\\004\\000\\000\\000what' >&3\n");
  chmod(program.c_str(), 0700);
  ReadOptions options;
  options.hdf5_reader = program;
  const std::string path = written(".npy", "\x89HDF\r\n\x1a\n");
  try {
    open_scan_file(path, options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "what");
  }
  try {
    static_cast<void>(measured_noise(path, program));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), path + ": what");
    EXPECT_EQ(error.path(), path);
  }
}

TEST(ScanFile, names_the_noise_file_that_holds_no_noise) {
  const std::string path = written_array(".npy", "2, 2, 2", 8);
  try {
    static_cast<void>(measured_noise(path));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::bad_input);
    EXPECT_TRUE(std::string(error.what()).starts_with(path + ": a noise measurement is a complex array"))
        << error.what();
  }
  EXPECT_FALSE(measured_noise("").has_value());
}

TEST(ScanFile, puts_the_noise_of_another_file_into_the_place_of_the_scans_own) {
  // Two coils, the noise of which has no covariance: 1 -1 1 -1 and 1 1 -1 -1.
  const std::vector<Complex> samples{1, -1, 1, -1, 1, 1, -1, -1};
  const auto noise = measured_noise(written(".npy", npy_bytes("<c8", false, "2, 4", bytes_of(samples))));
  const auto scan = open_scan_file(written_array(".npy", "2, 2, 2", 8), {}, noise);
  ASSERT_TRUE(scan->noise_covariance().has_value());
  const double power = 4.0 / 3;  // n n^H / (N - 1)
  EXPECT_EQ(scan->noise_covariance()->values, (std::vector<std::complex<double>>{power, 0, 0, power}));
}

TEST(ScanFile, knows_the_ending_of_one_file_of_each_format) {
  const std::vector<std::string> endings = scan_endings();
  for (const std::string ending : {".h5", ".hdf5", ".npy", ".hdr", ".mrd"}) {
    EXPECT_EQ(std::ranges::count(endings, ending), 1) << ending;
  }
}

}  // namespace
}  // namespace mriembed::io::testing_files
