#include "raw_volumes.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "scan_files.hpp"

namespace mriembed::io::testing_files {
namespace {

TEST(RawVolumes, gives_a_slice_for_each_label) {
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
  const auto scan = open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {});
  ASSERT_EQ(scan->summary().slices, 6);
  const Slice slice = read_slice(*scan, 3);  // slices first, then repetitions within
  EXPECT_EQ(slice.label.slice, 1);
  EXPECT_EQ(slice.label.repetition, 1);
  EXPECT_EQ(slice.samples[0], Complex(1, 1));
}

TEST(RawVolumes, leaves_out_lines_that_are_no_image_and_keeps_calibration_that_is) {
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
  expect_placed(read_slice(*open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {}), 0), {});
}

TEST(RawVolumes, fills_places_without_an_imaging_line_with_separate_calibration_lines) {
  auto lines = full_scan();
  std::vector<ISMRMRD::Acquisition> scanned{lines[0], lines[2]};
  for (const std::size_t step : {1U, 2U}) {  // line 2 was measured for the image as well, which counts
    ISMRMRD::Acquisition calibration = lines[step];
    calibration.setFlag(ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION);
    if (step == 2) {
      calibration.data(3, 0) = 1e6F;
    }
    scanned.insert(scanned.begin(), calibration);
  }
  const auto scan = open_scan(written_mrd(mrd_xml(MrdMatrix()), scanned), {});
  const Slice slice = read_slice(*scan, 0);
  EXPECT_EQ(slice.samples[1 * 8 + 3], sample_at(0, 0, 1, 3));
  EXPECT_EQ(slice.samples[2 * 8 + 3], sample_at(0, 0, 2, 3));
  EXPECT_EQ(slice.samples[3 * 8 + 3], Complex(0));
}

TEST(RawVolumes, fills_places_of_further_repetitions_with_the_calibration_lines_of_the_first_one) {
  std::vector<ISMRMRD::Acquisition> scanned;
  for (const std::uint16_t repetition : {std::uint16_t{0}, std::uint16_t{1}, std::uint16_t{2}}) {
    for (ISMRMRD::Acquisition acquisition : full_scan()) {
      const bool calibration = acquisition.idx().kspace_encode_step_1 == 1;
      acquisition.idx().repetition = repetition;
      if (calibration) {
        acquisition.setFlag(ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION);
      }
      if (!calibration || repetition == 0) {
        scanned.push_back(acquisition);
      }
    }
  }
  const auto scan = open_scan(written_mrd(mrd_xml(MrdMatrix()), scanned), {});
  for (const std::int64_t index : {0, 1, 2, 1, 0}) {
    expect_placed(read_slice(*scan, index), {});
  }
}

TEST(RawVolumes, reads_the_encoding_space_that_the_image_lies_in) {
  MrdMatrix calibration;
  calibration.x = calibration.recon_x = 4;
  calibration.y = 2;
  for (const bool flagged : {true, false}) {
    std::vector<ISMRMRD::Acquisition> lines;
    for (std::uint16_t step = 0; step < 2; ++step) {
      lines.push_back(line(2, 4, step));
      if (flagged) {
        lines.back().setFlag(ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION);
      }
    }
    for (auto& acquisition : full_scan()) {
      acquisition.encoding_space_ref() = 1;
      lines.push_back(acquisition);
    }
    const auto scan = open_scan(written_mrd(mrd_xml(std::vector{calibration, MrdMatrix()}), lines), {});
    EXPECT_EQ(scan->summary().slices, 1);
    EXPECT_EQ(warns(*scan, "2 imaging lines of encoding space 0 are left out"), !flagged);
    expect_placed(read_slice(*scan, 0), {});
  }
}

// Imaging lines 0 and 2 of space 1, ACS line 1 of space 0.
std::string calibrated_by_another_space(const MrdMatrix& calibration) {
  std::vector<ISMRMRD::Acquisition> lines;
  for (auto& acquisition : full_scan()) {
    const unsigned step = acquisition.idx().kspace_encode_step_1;
    if (step == 1) {
      acquisition.setFlag(ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION);
    }
    acquisition.encoding_space_ref() = step == 1 ? 0 : 1;
    if (step < 3) {
      lines.push_back(acquisition);
    }
  }
  return written_mrd(mrd_xml(std::vector{calibration, MrdMatrix()}), lines);
}

TEST(RawVolumes, takes_calibration_lines_of_another_encoding_space_of_the_same_kspace) {
  const auto scan = open_scan(calibrated_by_another_space(MrdMatrix()), {});
  const Slice slice = read_slice(*scan, 0);
  EXPECT_EQ(slice.samples[1 * 8 + 3], sample_at(0, 0, 1, 3));
  EXPECT_FALSE(warns(*scan, "left out"));
}

TEST(RawVolumes, names_the_encoding_space_of_calibration_lines_that_lie_elsewhere_in_kspace) {
  std::vector<MrdMatrix> others(3);
  others[0].x = others[0].recon_x = 16;
  others[1].encoded_fov = others[1].recon_fov = Fov{8, 8, 1};
  others[2].trajectory = "epi";
  ReadOptions options;
  options.allow_undersampled = true;
  for (const MrdMatrix& other : others) {
    const std::string path = calibrated_by_another_space(other);
    EXPECT_NE(refusal_of(path).find("undersampled"), std::string::npos);
    EXPECT_NE(refusal_of(path).find("1 ACS lines of encoding space 0 are left out"), std::string::npos);
    const auto scan = open_scan(path, options);
    EXPECT_TRUE(warns(*scan, "1 ACS lines of encoding space 0 are left out"));
    EXPECT_EQ(read_slice(*scan, 0).samples[1 * 8 + 3], Complex(0));
  }
}

TEST(RawVolumes, names_calibration_lines_of_another_number_of_coils) {
  auto lines = full_scan();
  lines.erase(lines.begin() + 3);
  lines[1] = line(3, 8, 1);
  lines[1].setFlag(ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION);
  EXPECT_NE(refusal_of(written_mrd(mrd_xml(MrdMatrix()), lines)).find("1 ACS lines of another number of coils"),
            std::string::npos);
}

TEST(RawVolumes, takes_a_scan_as_2d_where_no_line_lies_in_another_partition_and_one_is_full) {
  MrdMatrix matrix;
  matrix.z = matrix.recon_z = 2;
  matrix.limits = limit_xml("kspace_encoding_step_1", 0, 3, 2) + limit_xml("kspace_encoding_step_2", 0, 1, 1);
  const auto scan = open_scan(written_mrd(mrd_xml(matrix), full_scan()), {});
  EXPECT_EQ(scan->summary().encoded_z, 1);
  EXPECT_EQ(scan->summary().slices, 1);
  EXPECT_TRUE(warns(*scan, "a 2D scan"));
  expect_placed(read_slice(*scan, 0), {});
  // A scan of two partitions that was stopped in the first one.
  auto stopped = full_scan();
  stopped.pop_back();
  EXPECT_NE(refusal_of(written_mrd(mrd_xml(matrix), stopped)).find("slice 0 has 3 of 8 lines"), std::string::npos);
  // In the second one.
  stopped = full_scan();
  stopped.push_back(line(2, 8, 0, 1));
  EXPECT_NE(refusal_of(written_mrd(mrd_xml(matrix), stopped)).find("slice 0 has 5 of 8 lines"), std::string::npos);
}

TEST(RawVolumes, takes_an_accelerated_scan_as_2d_where_its_lines_reach_over_one_partition) {
  MrdMatrix matrix = matrix_of(8);
  matrix.z = matrix.recon_z = 2;
  matrix.limits = limit_xml("kspace_encoding_step_1", 0, 7, 4) + limit_xml("kspace_encoding_step_2", 0, 1, 1);
  std::vector<ISMRMRD::Acquisition> lines;
  for (auto& acquisition : scan_of(8)) {
    if (acquisition.idx().kspace_encode_step_1 % 2 == 1) {
      acquisition.setFlag(ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION_AND_IMAGING);
      lines.push_back(acquisition);
    }
  }
  EXPECT_EQ(open_scan(written_mrd(with_acceleration(mrd_xml(matrix), 2, 1), lines), {})->summary().encoded_z, 1);
  lines.pop_back();
  EXPECT_EQ(open_scan(written_mrd(with_acceleration(mrd_xml(matrix), 2, 1), lines), {})->summary().encoded_z, 2);
}

TEST(RawVolumes, takes_a_scan_as_2d_whose_dense_centre_shows_its_acceleration) {
  MrdMatrix matrix = matrix_of(32);
  matrix.z = matrix.recon_z = 2;
  matrix.limits = limit_xml("kspace_encoding_step_1", 0, 31, 16) + limit_xml("kspace_encoding_step_2", 0, 1, 1);
  const auto lines_of = [](std::uint16_t last) {
    std::vector<ISMRMRD::Acquisition> lines;
    for (std::uint16_t step = 0; step <= last; ++step) {
      if (step % 2 == 0 || (step > 10 && step < 22)) {
        lines.push_back(line(2, 8, step));
      }
    }
    return lines;
  };
  const auto scan = open_scan(written_mrd(mrd_xml(matrix), lines_of(31)), {});
  EXPECT_EQ(scan->summary().slices, 1);
  EXPECT_TRUE(warns(*scan, "a 2D scan"));
  // Stopped in its first partition.
  EXPECT_NE(refusal_of(written_mrd(mrd_xml(matrix), lines_of(9))).find("undersampled"), std::string::npos);
}

TEST(RawVolumes, bears_a_reference_to_an_encoding_space_that_the_header_does_not_have) {
  auto lines = full_scan();
  for (auto& acquisition : lines) {
    acquisition.encoding_space_ref() = 1;
  }
  const auto scan = open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {});
  EXPECT_TRUE(warns(*scan, "name encoding space 1"));
  expect_placed(read_slice(*scan, 0), {});
  EXPECT_NE(
      refusal_of(written_mrd(mrd_xml(std::vector(1, MrdMatrix())), {lines[0], line(2, 8, 1)})).find("undersampled"),
      std::string::npos);
}

TEST(RawVolumes, refuses_slices_on_top_of_each_other_by_name) {
  std::string xml = mrd_xml(MrdMatrix());
  xml.insert(xml.find("</encoding>"),
             "<parallelImaging><accelerationFactor><kspace_encoding_step_1>1</kspace_encoding_step_1>"
             "<kspace_encoding_step_2>1</kspace_encoding_step_2></accelerationFactor><multiband>"
             "<multiband_factor>2</multiband_factor></multiband></parallelImaging>");
  EXPECT_NE(refusal_of(written_mrd(xml, full_scan())).find("multiband: 2 slices"), std::string::npos);
}

TEST(RawVolumes, refuses_non_cartesian_trajectories_by_name) {
  for (const char* trajectory : {"spiral", "radial", "goldenangle", "other"}) {
    MrdMatrix matrix;
    matrix.trajectory = trajectory;
    EXPECT_NE(refusal_of(written_mrd(mrd_xml(matrix), full_scan())).find("non-Cartesian"), std::string::npos);
  }
}

// A slice with three phase-correction lines before it, every second line of both reversed.
std::vector<ISMRMRD::Acquisition> alternating_lines() {
  std::vector<ISMRMRD::Acquisition> lines;
  for (std::uint16_t navigator = 0; navigator < 3; ++navigator) {
    lines.push_back(line(2, 8, 0));
    lines.back().setFlag(ISMRMRD::ISMRMRD_ACQ_IS_PHASECORR_DATA);
  }
  std::ranges::copy(full_scan(), std::back_inserter(lines));
  for (std::size_t index = 1; index < lines.size(); index += 2) {
    lines[index].setFlag(ISMRMRD::ISMRMRD_ACQ_IS_REVERSE);
  }
  return lines;
}

TEST(RawVolumes, takes_a_scan_with_phase_correction_lines_of_both_directions_as_echo_planar) {
  auto lines = alternating_lines();
  const auto scan = open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {});
  EXPECT_TRUE(warns(*scan, "make it an echo-planar scan, which the header names cartesian"));
  EXPECT_FALSE(warns(*scan, "a ghost, if there is one, is not corrected"));
  EXPECT_TRUE(std::ranges::any_of(scan->summary().notes, [](const std::string& note) {
    return note.find("corrected by the navigator lines (3 of the first slice)") != std::string::npos;
  }));
  // As a turbo spin echo has them.
  lines[1].clearFlag(ISMRMRD::ISMRMRD_ACQ_IS_REVERSE);
  EXPECT_FALSE(warns(*open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {}), "echo-planar scan"));
}

TEST(RawVolumes, warns_of_both_readout_directions_without_phase_correction) {
  auto lines = alternating_lines();
  lines.erase(lines.begin(), lines.begin() + 3);
  EXPECT_TRUE(warns(*open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {}),
                    "slice 0 was read out in both directions, but the scan is not named echo-planar"));
  for (auto& acquisition : lines) {
    acquisition.setFlag(ISMRMRD::ISMRMRD_ACQ_IS_REVERSE);
  }
  EXPECT_FALSE(warns(*open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {}), "both directions"));
}

TEST(RawVolumes, warns_of_trajectories_that_are_not_read) {
  auto lines = full_scan();
  EXPECT_FALSE(warns(*open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {}), "trajectories"));
  lines[2].resize(8, 2, 2);
  EXPECT_TRUE(warns(*open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {}), "its lines come with trajectories"));
}

TEST(RawVolumes, refuses_coils_that_come_and_go) {
  auto lines = full_scan();
  lines[3] = line(3, 8, 3);
  EXPECT_NE(refusal_of(written_mrd(mrd_xml(MrdMatrix()), lines)).find("3 coils"), std::string::npos);
}

TEST(RawVolumes, refuses_a_file_without_imaging_lines) {
  auto lines = full_scan();
  for (auto& acquisition : lines) {
    acquisition.setFlag(ISMRMRD::ISMRMRD_ACQ_IS_NOISE_MEASUREMENT);
  }
  EXPECT_NE(refusal_of(written_mrd(mrd_xml(MrdMatrix()), lines)).find("no imaging line"), std::string::npos);
}

// As a scanner's software puts between lines, and MRIReco's converter before all of them (MRIReco.jl issue 33).
TEST(RawVolumes, leaves_out_acquisitions_without_samples) {
  std::vector<ISMRMRD::Acquisition> lines{line(2, 0, 0)};
  for (const auto& acquisition : full_scan()) {
    lines.push_back(acquisition);
    lines.push_back(line(0, 0, 0));
  }
  const auto scan = open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {});
  ASSERT_EQ(scan->summary().slices, 1);
  expect_placed(read_slice(*scan, 0), {});
  const std::vector<ISMRMRD::Acquisition> empty(3, line(0, 0, 0));
  EXPECT_NE(refusal_of(written_mrd(mrd_xml(MrdMatrix()), empty)).find("the headers of 3 give 0 samples"),
            std::string::npos);
}

}  // namespace
}  // namespace mriembed::io::testing_files
