#include "calibration_space.hpp"

#include <string>
#include <vector>

#include "scan_files.hpp"

namespace mriembed::io::testing_files {
namespace {

constexpr unsigned height = 16;

// An image of 16 lines whose odd ones are missing, behind ACS lines 4 to 11 of `calibration`, where they are numbered
// from `first_step` on.
std::string calibrated_scan(const MrdMatrix& calibration, unsigned first_step, unsigned width = 8) {
  std::vector<ISMRMRD::Acquisition> lines;
  for (unsigned step = 4; step < 12; ++step) {
    lines.push_back(line(2, width, static_cast<std::uint16_t>(step)));
    lines.back().idx().kspace_encode_step_1 = static_cast<std::uint16_t>(first_step + step - 4);
    lines.back().encoding_space_ref() = 1;
    lines.back().setFlag(ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION);
  }
  for (auto& acquisition : scan_of(height)) {
    if (acquisition.idx().kspace_encode_step_1 % 2 == 0) {
      lines.push_back(acquisition);
    }
  }
  return written_mrd(mrd_xml(std::vector{matrix_of(height), calibration}), lines);
}

// Of the image's field of view.
MrdMatrix calibration_of(unsigned lines, unsigned minimum, unsigned center) {
  MrdMatrix matrix = matrix_of(lines);
  matrix.encoded_fov = matrix.recon_fov = Fov{8, height, 1};
  matrix.limits = limit_xml("kspace_encoding_step_1", minimum, minimum + lines - 1, center);
  return matrix;
}

void expect_calibrated(const std::string& path) {
  const auto scan = open_scan(path, {});
  EXPECT_TRUE(warns(*scan, "accelerated: 12 of 16 lines were measured"));
  EXPECT_FALSE(warns(*scan, "left out"));
  const Slice slice = read_slice(*scan, 0);
  for (const int y : {4, 5, 7, 8, 11}) {
    EXPECT_EQ(slice.samples[static_cast<std::size_t>(y * 8 + 3)], sample_at(0, 0, y, 3)) << y;
  }
  EXPECT_EQ(slice.samples[3 * 8 + 3], Complex(0));
}

TEST(CalibrationSpace, of_fewer_lines_and_the_same_field_of_view_calibrates_the_image) {
  expect_calibrated(calibrated_scan(calibration_of(8, 0, 4), 0));
  expect_calibrated(calibrated_scan(calibration_of(8, 3, 7), 3));
}

TEST(CalibrationSpace, whose_centre_is_not_set_has_it_in_the_middle_of_limits_that_cover_the_matrix) {
  expect_calibrated(calibrated_scan(calibration_of(8, 0, 0), 0));
  MrdMatrix without_limits = calibration_of(8, 0, 0);
  without_limits.limits.clear();
  expect_calibrated(calibrated_scan(without_limits, 0));
}

TEST(CalibrationSpace, whose_limits_give_the_centre_alone_has_it_there) {
  MrdMatrix matrix = calibration_of(8, 0, 4);
  matrix.limits = limit_xml("kspace_encoding_step_1", 0, 0, 5);
  expect_calibrated(calibrated_scan(matrix, 1));
}

TEST(CalibrationSpace, of_a_2d_scan_may_have_any_matrix_along_z) {
  MrdMatrix matrix = calibration_of(height, 0, height / 2);  // as siemens_to_ismrmrd gives the number of its ACS lines
  matrix.z = matrix.recon_z = 24;
  expect_calibrated(calibrated_scan(matrix, 4));
}

TEST(CalibrationSpace, of_another_field_of_view_or_longer_lines_is_left_out) {
  MrdMatrix matrix = calibration_of(8, 0, 4);
  matrix.encoded_fov->y = 8;
  EXPECT_NE(refusal_of(calibrated_scan(matrix, 0))
                .find("8 ACS lines of encoding space 1 are left out: their trajectory, field of view or centre does "
                      "not fit encoding space 0"),
            std::string::npos);
  EXPECT_NE(refusal_of(calibrated_scan(calibration_of(8, 0, 4), 0, 12))
                .find("8 ACS lines of more samples than the image's matrix are left out"),
            std::string::npos);
}

}  // namespace
}  // namespace mriembed::io::testing_files
