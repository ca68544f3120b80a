#include "mrd_raw.hpp"

#include <hdf5.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "scan_files.hpp"

namespace mriembed::io::testing_files {
namespace {

TEST(MrdRaw, places_lines_by_their_step_whatever_their_order) {
  auto lines = full_scan();
  std::swap(lines[0], lines[3]);
  std::swap(lines[1], lines[2]);
  const auto scan = open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {});
  EXPECT_EQ(scan->summary().format, "MRD raw data");
  EXPECT_EQ(scan->summary().coils, 2);
  EXPECT_EQ(scan->summary().slices, 1);
  EXPECT_EQ(scan->summary().zero_fraction, 0);
  expect_placed(read_slice(*scan, 0), {});
}

TEST(MrdRaw, averages_averages) {
  auto lines = full_scan();
  auto again = full_scan();
  for (auto& acquisition : again) {
    acquisition.idx().average = 1;
    for (std::uint16_t x = 0; x < 8; ++x) {
      acquisition.data(x, 1) += Complex(2, -4);
    }
    lines.push_back(acquisition);
  }
  const Slice slice = read_slice(*open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {}), 0);
  EXPECT_EQ(slice.samples[0], sample_at(0, 0, 0, 0));
  EXPECT_EQ(slice.samples[32 + 9], sample_at(1, 0, 1, 1) + Complex(1, -2));
  EXPECT_EQ(slice.label.averages, 2);
  lines.pop_back();  // one line was measured once
  EXPECT_EQ(read_slice(*open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {}), 0).label.averages, 1);
}

TEST(MrdRaw, turns_reversed_lines) {
  auto lines = full_scan();
  ISMRMRD::Acquisition reversed = lines[1];
  for (std::uint16_t coil = 0; coil < 2; ++coil) {
    for (std::uint16_t x = 0; x < 8; ++x) {
      reversed.data(x, coil) = lines[1].data(static_cast<std::uint16_t>(7 - x), coil);
    }
  }
  reversed.setFlag(ISMRMRD::ISMRMRD_ACQ_IS_REVERSE);
  reversed.center_sample() = 3;  // sample i lies at k = 3 - i
  lines[1] = reversed;
  expect_placed(read_slice(*open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {}), 0), {});
}

TEST(MrdRaw, gives_the_geometry_of_its_slices) {
  MrdMatrix matrix;
  matrix.recon_x = 16;
  matrix.encoded_fov = Fov{400, 300, 5};
  matrix.recon_fov = Fov{200, 225, 5};
  const auto scan = open_scan(written_mrd(mrd_xml(matrix), full_scan()), {});
  EXPECT_EQ(scan->summary().geometry, (SliceGeometry{4, 3, 1.5}));
  EXPECT_EQ(read_slice(*scan, 0).geometry, scan->summary().geometry);
}

TEST(MrdRaw, warns_where_the_signal_lies_far_from_the_centre_that_the_header_states) {
  MrdMatrix matrix;
  matrix.x = matrix.recon_x = 64;
  matrix.y = 64;
  std::vector<ISMRMRD::Acquisition> lines;
  for (std::uint16_t step = 0; step < 64; ++step) {
    lines.push_back(line(1, 64, step));
    for (std::uint16_t x = 0; x < 64; ++x) {
      lines.back().data(x, 0) = 1.0F / (1.0F + static_cast<float>(std::hypot(x - 32, step - 12)));
    }
  }
  const auto scan = open_scan(written_mrd(mrd_xml(matrix), lines), {});
  EXPECT_TRUE(warns(*scan, "the signal peaks 20 samples from the centre of k-space along y"));
  EXPECT_FALSE(warns(*scan, "along x"));
}

TEST(MrdRaw, places_acs_lines_by_the_centre_that_the_signal_tells) {
  // 24 of 32 lines, 2-fold accelerated: the header says that step 16 is the centre, idx.user[5] and the signal that it
  // is step 8.
  MrdMatrix matrix;
  matrix.x = matrix.recon_x = 16;
  matrix.y = 32;
  matrix.limits = limit_xml("kspace_encoding_step_1", 0, 23, 16);
  std::vector<ISMRMRD::Acquisition> lines;
  for (std::uint16_t step = 0; step < 24; ++step) {
    const bool calibration = step % 2 == 1;
    if (calibration && (step < 2 || step > 14)) {
      continue;
    }
    lines.push_back(line(1, 16, step));
    lines.back().idx().user[5] = 8;
    if (calibration) {
      lines.back().setFlag(ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION);
    }
    for (std::uint16_t x = 0; x < 16; ++x) {
      lines.back().data(x, 0) = Complex(1.0F / (1.0F + static_cast<float>(std::hypot(x - 8, step - 8))), step);
      lines.back().data(x, 0) *= 1.0F / (1.0F + static_cast<float>(std::abs(step - 8)));
    }
  }
  const auto scan = open_scan(written_mrd(mrd_xml(matrix), lines), {});
  EXPECT_TRUE(warns(*scan, "so that 8 is taken"));
  EXPECT_TRUE(warns(*scan, "accelerated"));
  const Slice slice = read_slice(*scan, 0);
  for (auto& acquisition : lines) {
    const std::size_t y = acquisition.idx().kspace_encode_step_1 + 8U;
    EXPECT_EQ(slice.samples[y * 16 + 3], Complex(acquisition.data(3, 0))) << y;
  }
}

TEST(MrdRaw, transforms_the_third_dimension_into_partitions) {
  // Constant along kz except for a factor that depends on the line: all signal in the central partition.
  MrdMatrix matrix;
  matrix.z = 4;
  matrix.recon_z = 2;
  std::vector<ISMRMRD::Acquisition> lines;
  for (std::uint16_t z = 0; z < 4; ++z) {
    for (auto& acquisition : full_scan()) {
      acquisition.idx().kspace_encode_step_2 = z;
      lines.push_back(acquisition);
    }
  }
  const auto scan = open_scan(written_mrd(mrd_xml(matrix), lines), {});
  ASSERT_EQ(scan->summary().slices, 2);  // z oversampling is cropped: partitions 1 and 2 of 4
  for (const Complex& sample : read_slice(*scan, 0).samples) {
    EXPECT_LT(std::abs(sample), 1e-3);
  }
  const Slice centre = read_slice(*scan, 1);
  EXPECT_EQ(centre.label.partition, 1);
  EXPECT_LT(std::abs(centre.samples[9] - 2.0F * sample_at(0, 0, 1, 1)), 1e-3);
}

TEST(MrdRaw, refuses_more_lines_than_the_matrix) {
  auto lines = full_scan();
  lines.push_back(line(2, 8, 4));
  EXPECT_NE(refusal_of(written_mrd(mrd_xml(MrdMatrix()), lines)).find("outside the encoded matrix"), std::string::npos);
}

TEST(MrdRaw, refuses_a_matrix_that_the_file_cannot_justify) {
  MrdMatrix matrix;
  matrix.x = matrix.recon_x = 65535;
  matrix.y = 65535;
  ReadOptions options;
  options.allow_undersampled = true;
  EXPECT_NE(refusal_of(written_mrd(mrd_xml(matrix), full_scan()), options).find("cannot justify"), std::string::npos);
}

TEST(MrdRaw, refuses_images_where_it_holds_raw_data) {
  ReadOptions options;
  options.domain = Domain::image;
  EXPECT_NE(refusal_of(written_mrd(mrd_xml(MrdMatrix()), full_scan()), options).find("--input image"),
            std::string::npos);
}

TEST(MrdRaw, refuses_a_file_cut_short_anywhere) {
  std::ifstream stream(written_mrd(mrd_xml(MrdMatrix()), full_scan()), std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  for (std::size_t length = 1; length < whole.size(); length += whole.size() / 31) {
    EXPECT_NE(refusal_of(written(".h5", whole.substr(0, length))), "accepted") << length << " of " << whole.size();
  }
}

TEST(MrdRaw, does_not_follow_links_to_other_files) {
  const std::string real = written_mrd(mrd_xml(MrdMatrix()), full_scan());
  const std::string path = fresh_path(".h5");
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT);
  H5Lcreate_external(real.c_str(), "/dataset", file, "dataset", H5P_DEFAULT, H5P_DEFAULT);
  H5Fclose(file);
  EXPECT_NE(refusal_of(path).find("a link to another place"), std::string::npos);
}

TEST(MrdRaw, takes_no_matrix_that_its_lines_cannot_justify) {
  MrdMatrix matrix;
  matrix.x = matrix.y = matrix.recon_x = 65535;  // 1 TiB
  ReadOptions options;
  options.allow_undersampled = true;
  const std::string path = written_mrd(mrd_xml(matrix), {line(32, 8, 0), line(32, 8, 1)});
  EXPECT_NE(refusal_of(path, options).find("cannot justify"), std::string::npos);
}

TEST(MrdRaw, takes_no_number_of_slices_that_its_lines_cannot_justify) {
  // One line each of 200 repetitions, of 1 MiB each.
  MrdMatrix matrix;
  matrix.y = 16000;
  std::vector<ISMRMRD::Acquisition> lines;
  for (std::uint16_t repetition = 0; repetition < 200; ++repetition) {
    lines.push_back(line(1, 8, 0));
    lines.back().idx().repetition = repetition;
  }
  ReadOptions options;
  options.allow_undersampled = true;
  EXPECT_NE(refusal_of(written_mrd(mrd_xml(matrix), lines), options).find("its matrix, 200 times, would need 195 MiB"),
            std::string::npos);
}

}  // namespace
}  // namespace mriembed::io::testing_files
