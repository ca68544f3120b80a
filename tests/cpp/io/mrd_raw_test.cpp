#include "mrd_raw.hpp"

#include <hdf5.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "scan_files.hpp"

namespace mriembed::io::testing_files {
namespace {

std::vector<ISMRMRD::Acquisition> full_scan(unsigned coils = 2, const MrdMatrix& matrix = {}) {
  std::vector<ISMRMRD::Acquisition> lines;
  for (unsigned z = 0; z < matrix.z; ++z) {
    for (unsigned y = 0; y < matrix.y; ++y) {
      lines.push_back(line(coils, matrix.x, static_cast<std::uint16_t>(y), static_cast<std::uint16_t>(z)));
    }
  }
  return lines;
}

// Every sample is the one of its place.
void expect_placed(const Slice& slice, const MrdMatrix& matrix) {
  ASSERT_EQ(slice.height, matrix.y);
  ASSERT_EQ(slice.width, matrix.x);
  for (std::int64_t coil = 0; coil < slice.channels; ++coil) {
    for (std::int64_t y = 0; y < slice.height; ++y) {
      for (std::int64_t x = 0; x < slice.width; ++x) {
        const auto at = static_cast<std::size_t>((coil * slice.height + y) * slice.width + x);
        ASSERT_EQ(slice.samples[at], sample_at(coil, 0, y, x)) << coil << " " << y << " " << x;
      }
    }
  }
}

TEST(MrdRaw, places_lines_by_their_step_whatever_their_order) {
  auto lines = full_scan();
  std::swap(lines[0], lines[3]);
  std::swap(lines[1], lines[2]);
  const auto scan = open_scan(written_mrd(mrd_xml({}), lines), {});
  EXPECT_EQ(scan->summary().format, "MRD raw data");
  EXPECT_EQ(scan->summary().coils, 2);
  EXPECT_EQ(scan->summary().slices, 1);
  EXPECT_EQ(scan->summary().zero_fraction, 0);
  expect_placed(read_slice(*scan, 0), {});
}

TEST(MrdRaw, gives_a_slice_for_each_label) {
  std::vector<ISMRMRD::Acquisition> lines;
  for (std::uint16_t repetition = 0; repetition < 2; ++repetition) {
    for (std::uint16_t slice = 0; slice < 3; ++slice) {
      for (auto& acquisition : full_scan()) {
        acquisition.idx().slice = slice;
        acquisition.idx().repetition = repetition;
        acquisition.data(0, 0) = {static_cast<float>(slice), static_cast<float>(repetition)};
        lines.push_back(acquisition);
      }
    }
  }
  const auto scan = open_scan(written_mrd(mrd_xml({}), lines), {});
  ASSERT_EQ(scan->summary().slices, 6);
  const Slice slice = read_slice(*scan, 3);  // slices first, then repetitions within
  EXPECT_EQ(slice.label.slice, 1);
  EXPECT_EQ(slice.label.repetition, 1);
  EXPECT_EQ(slice.samples[0], Complex(1, 1));
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
  const Slice slice = read_slice(*open_scan(written_mrd(mrd_xml({}), lines), {}), 0);
  EXPECT_EQ(slice.samples[0], sample_at(0, 0, 0, 0));
  EXPECT_EQ(slice.samples[32 + 9], sample_at(1, 0, 1, 1) + Complex(1, -2));
}

TEST(MrdRaw, leaves_out_lines_that_are_no_image_and_keeps_calibration_that_is) {
  auto lines = full_scan();
  lines[2].setFlag(ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION_AND_IMAGING);
  for (const int flag : {ISMRMRD::ISMRMRD_ACQ_IS_NAVIGATION_DATA, ISMRMRD::ISMRMRD_ACQ_IS_PHASECORR_DATA,
                         ISMRMRD::ISMRMRD_ACQ_IS_DUMMYSCAN_DATA, ISMRMRD::ISMRMRD_ACQ_IS_HPFEEDBACK_DATA,
                         ISMRMRD::ISMRMRD_ACQ_IS_RTFEEDBACK_DATA, ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION,
                         ISMRMRD::ISMRMRD_ACQ_IS_SURFACECOILCORRECTIONSCAN_DATA}) {
    ISMRMRD::Acquisition other = line(2, 8, 1);
    other.data(3, 0) = 1e6F;
    other.setFlag(static_cast<std::uint64_t>(flag));
    lines.push_back(other);
  }
  expect_placed(read_slice(*open_scan(written_mrd(mrd_xml({}), lines), {}), 0), {});
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
  lines[1] = reversed;
  expect_placed(read_slice(*open_scan(written_mrd(mrd_xml({}), lines), {}), 0), {});
}

TEST(MrdRaw, measures_noise_from_noise_lines) {
  auto lines = full_scan();
  ISMRMRD::Acquisition noise(5, 2);
  noise.setFlag(ISMRMRD::ISMRMRD_ACQ_IS_NOISE_MEASUREMENT);
  for (std::uint16_t sample = 0; sample < 5; ++sample) {
    noise.data(sample, 0) = 1.0F;
    noise.data(sample, 1) = Complex(0, static_cast<float>(sample));
  }
  lines.insert(lines.begin(), noise);
  const auto scan = open_scan(written_mrd(mrd_xml({}), lines), {});
  EXPECT_EQ(scan->summary().noise_samples, 5);
  ASSERT_TRUE(scan->noise_covariance().has_value());
  const auto& values = scan->noise_covariance()->values;
  EXPECT_DOUBLE_EQ(values[0].real(), 5.0 / 4);
  EXPECT_DOUBLE_EQ(values[3].real(), 30.0 / 4);
  EXPECT_DOUBLE_EQ(values[1].imag(), -10.0 / 4);
  expect_placed(read_slice(*scan, 0), {});
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

TEST(MrdRaw, refuses_missing_lines_unless_allowed) {
  auto lines = full_scan();
  lines.erase(lines.begin() + 2);
  const std::string path = written_mrd(mrd_xml({}), lines);
  EXPECT_NE(refusal_of(path).find("undersampled: slice 0 has 3 of 4 lines"), std::string::npos);
  ReadOptions options;
  options.allow_undersampled = true;
  const auto scan = open_scan(path, options);
  EXPECT_DOUBLE_EQ(scan->summary().zero_fraction, 0.25);
  const Slice slice = read_slice(*scan, 0);
  EXPECT_EQ(slice.samples[2 * 8 + 3], Complex(0));
  EXPECT_EQ(slice.samples[3 * 8 + 3], sample_at(0, 0, 3, 3));
}

TEST(MrdRaw, refuses_more_lines_than_the_matrix) {
  auto lines = full_scan();
  lines.push_back(line(2, 8, 4));
  EXPECT_NE(refusal_of(written_mrd(mrd_xml({}), lines)).find("outside the encoded matrix"), std::string::npos);
}

TEST(MrdRaw, refuses_non_cartesian_trajectories_by_name) {
  for (const char* trajectory : {"spiral", "radial", "goldenangle", "other"}) {
    MrdMatrix matrix;
    matrix.trajectory = trajectory;
    EXPECT_NE(refusal_of(written_mrd(mrd_xml(matrix), full_scan())).find("non-Cartesian"), std::string::npos);
  }
}

TEST(MrdRaw, refuses_a_matrix_that_the_file_cannot_justify) {
  MrdMatrix matrix;
  matrix.x = matrix.recon_x = 65535;
  matrix.y = 65535;
  ReadOptions options;
  options.allow_undersampled = true;
  EXPECT_NE(refusal_of(written_mrd(mrd_xml(matrix), full_scan()), options).find("cannot justify"), std::string::npos);
}

TEST(MrdRaw, refuses_coils_that_come_and_go) {
  auto lines = full_scan();
  lines[3] = line(3, 8, 3);
  EXPECT_NE(refusal_of(written_mrd(mrd_xml({}), lines)).find("3 coils"), std::string::npos);
}

TEST(MrdRaw, refuses_a_file_without_imaging_lines) {
  auto lines = full_scan();
  for (auto& acquisition : lines) {
    acquisition.setFlag(ISMRMRD::ISMRMRD_ACQ_IS_NOISE_MEASUREMENT);
  }
  EXPECT_NE(refusal_of(written_mrd(mrd_xml({}), lines)).find("no imaging line"), std::string::npos);
}

TEST(MrdRaw, refuses_images_where_it_holds_raw_data) {
  ReadOptions options;
  options.domain = Domain::image;
  EXPECT_NE(refusal_of(written_mrd(mrd_xml({}), full_scan()), options).find("--input image"), std::string::npos);
}

TEST(MrdRaw, refuses_a_file_cut_short_anywhere) {
  std::ifstream stream(written_mrd(mrd_xml({}), full_scan()), std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  for (std::size_t length = 1; length < whole.size(); length += whole.size() / 31) {
    EXPECT_NE(refusal_of(written(".h5", whole.substr(0, length))), "accepted") << length << " of " << whole.size();
  }
}

TEST(MrdRaw, does_not_follow_links_to_other_files) {
  const std::string real = written_mrd(mrd_xml({}), full_scan());
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

TEST(MrdRaw, measures_no_covariance_of_more_coils_than_noise_samples) {
  MrdMatrix matrix;
  matrix.x = matrix.recon_x = 2;
  matrix.y = 1;
  ISMRMRD::Acquisition noise = line(1024, 2, 0);
  noise.setFlag(ISMRMRD::ISMRMRD_ACQ_IS_NOISE_MEASUREMENT);
  const auto scan = open_scan(written_mrd(mrd_xml(matrix), {line(1024, 2, 0), noise}), {});
  EXPECT_FALSE(scan->noise_covariance().has_value());
}

}  // namespace
}  // namespace mriembed::io::testing_files
