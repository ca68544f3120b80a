#include "raw_completeness.hpp"

#include <functional>
#include <string>
#include <vector>

#include "scan_files.hpp"

namespace mriembed::io::testing_files {
namespace {

TEST(RawCompleteness, takes_an_accelerated_scan_whose_calibration_lines_are_part_of_the_image) {
  auto lines = full_scan();
  lines.erase(lines.begin());
  lines[1].setFlag(ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION_AND_IMAGING);
  const auto scan = open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {});
  EXPECT_DOUBLE_EQ(scan->summary().zero_fraction, 0.25);
  EXPECT_TRUE(
      warns(*scan, "accelerated: 3 of 4 lines were measured; the missing ones are filled in as far as they can be"));
  const Slice slice = read_slice(*scan, 0);
  EXPECT_EQ(slice.samples[3], Complex(0));
  EXPECT_EQ(slice.samples[2 * 8 + 3], sample_at(0, 0, 2, 3));
}

TEST(RawCompleteness, leaves_out_the_unfinished_repetition_of_a_scan_that_was_stopped) {
  std::vector<ISMRMRD::Acquisition> lines;
  for (std::uint16_t repetition = 0; repetition < 3; ++repetition) {
    for (std::uint16_t slice = 0; slice < 2; ++slice) {
      for (auto& acquisition : full_scan()) {
        if (repetition == 2 && acquisition.idx().kspace_encode_step_1 > 1) {
          continue;
        }
        acquisition.idx().repetition = repetition;
        acquisition.idx().slice = slice;
        lines.push_back(acquisition);
      }
    }
  }
  const std::string path = written_mrd(mrd_xml(MrdMatrix()), lines);
  const auto scan = open_scan(path, {});
  EXPECT_EQ(scan->summary().slices, 4);
  EXPECT_TRUE(warns(*scan, "the scan was stopped"));
  EXPECT_TRUE(warns(*scan, "repetition 2 has 2 of 4 lines"));
  for (std::int64_t index = 0; index < 4; ++index) {
    const Slice slice = read_slice(*scan, index);
    EXPECT_LT(slice.label.repetition, 2);
    expect_placed(slice, {});
  }
  ReadOptions options;
  options.allow_undersampled = true;
  EXPECT_EQ(open_scan(path, options)->summary().slices, 6);
  EXPECT_FALSE(open_scan(path, options)->summary().zero_filled);  // it would be accepted without them, too
}

TEST(RawCompleteness, takes_lines_missing_in_the_middle_of_a_scan_for_undersampling) {
  std::vector<ISMRMRD::Acquisition> lines;
  for (std::uint16_t repetition = 0; repetition < 3; ++repetition) {
    for (auto& acquisition : full_scan()) {
      acquisition.idx().repetition = repetition;
      if (repetition != 1 || acquisition.idx().kspace_encode_step_1 != 2) {
        lines.push_back(acquisition);
      }
    }
  }
  EXPECT_NE(refusal_of(written_mrd(mrd_xml(MrdMatrix()), lines)).find("undersampled"), std::string::npos);
}

TEST(RawCompleteness, refuses_missing_lines_unless_allowed) {
  auto lines = full_scan();
  lines.erase(lines.begin() + 2);
  const std::string path = written_mrd(mrd_xml(MrdMatrix()), lines);
  EXPECT_NE(refusal_of(path).find("undersampled: slice 0 has 3 of 4 lines"), std::string::npos);
  ReadOptions options;
  options.allow_undersampled = true;
  const auto scan = open_scan(path, options);
  EXPECT_DOUBLE_EQ(scan->summary().zero_fraction, 0.25);
  EXPECT_TRUE(scan->summary().zero_filled);
  const Slice slice = read_slice(*scan, 0);
  EXPECT_EQ(slice.samples[2 * 8 + 3], Complex(0));
  EXPECT_EQ(slice.samples[3 * 8 + 3], sample_at(0, 0, 3, 3));
}

TEST(RawCompleteness, names_the_centre_that_puts_every_line_beyond_the_matrix) {
  MrdMatrix matrix;
  matrix.limits = limit_xml("kspace_encoding_step_1", 0, 255, 128);
  EXPECT_EQ(refusal_of(written_mrd(mrd_xml(matrix), full_scan()))
                .find("no line of slice 0 lies in the encoded matrix of 4 x 1 lines, whose centre is at the encoding "
                      "steps 128, 0"),
            0U);
}

TEST(RawCompleteness, tells_of_lines_that_are_averaged_although_they_are_not_alike) {
  const auto twice = [](const std::function<void(ISMRMRD::Acquisition&)>& change) {
    auto lines = full_scan();
    for (auto& acquisition : full_scan()) {
      change(acquisition);
      lines.push_back(acquisition);
    }
    return open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {});
  };
  EXPECT_TRUE(warns(*twice([](auto& acquisition) { acquisition.idx().segment = 1; }), "differ in idx.segment"));
  EXPECT_TRUE(warns(*twice([](auto& acquisition) { acquisition.idx().user[2] = 1; }), "differ in idx.user"));
  EXPECT_TRUE(warns(*twice([](auto& /*acquisition*/) {}), "differ in no counter"));
  EXPECT_FALSE(warns(*twice([](auto& acquisition) { acquisition.idx().average = 1; }), "are averaged"));
  EXPECT_FALSE(warns(*twice([](auto& acquisition) { acquisition.idx().set = 1; }), "are averaged"));
}

}  // namespace
}  // namespace mriembed::io::testing_files
