#include "live_scan.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "live_streams.hpp"
#include "scan_files.hpp"

namespace mriembed::io::testing_files {
namespace {

// Lines of so many slices, the slices inside the steps where interleaved.
StreamedScan many_slices(std::uint16_t slices, bool interleaved, unsigned height = 8) {
  StreamedScan scan{mrd_xml(matrix_of(height)), {}};
  for (unsigned outer = 0; outer < (interleaved ? height : slices); ++outer) {
    for (unsigned inner = 0; inner < (interleaved ? slices : height); ++inner) {
      auto acquisition = line(2, 8, static_cast<std::uint16_t>(interleaved ? outer : inner));
      acquisition.idx().slice = static_cast<std::uint16_t>(interleaved ? inner : outer);
      acquisition.data(0, 0) = Complex(static_cast<float>(acquisition.idx().slice), 1);
      scan.lines.push_back(acquisition);
    }
  }
  return scan;
}

TEST(LiveScan, gives_each_slice_with_its_last_line) {
  const LiveSlices result = read_live(many_slices(3, false));
  ASSERT_EQ(result.slices.size(), 3U);
  for (std::size_t slice = 0; slice < 3; ++slice) {
    EXPECT_EQ(result.slices[slice].after, 8 * (slice + 1));
    EXPECT_EQ(result.slices[slice].slice.label.slice, static_cast<int>(slice));
  }
}

TEST(LiveScan, gives_interleaved_slices_as_they_become_whole) {
  const LiveSlices result = read_live(many_slices(3, true));
  ASSERT_EQ(result.slices.size(), 3U);
  EXPECT_EQ(result.slices[0].after, 22U);
  EXPECT_EQ(result.slices[2].after, 24U);
  expect_as_in_file(many_slices(3, true));
}

TEST(LiveScan, takes_a_scan_with_phase_correction_lines_of_both_directions_as_echo_planar) {
  StreamedScan scan{mrd_xml(matrix_of(8)), {line(2, 8, 0), line(2, 8, 0), line(2, 8, 0)}};
  for (auto& navigator : scan.lines) {
    navigator.setFlag(ISMRMRD::ISMRMRD_ACQ_IS_PHASECORR_DATA);
  }
  std::ranges::copy(scan_of(8), std::back_inserter(scan.lines));
  for (std::size_t index = 1; index < scan.lines.size(); index += 2) {
    scan.lines[index].setFlag(ISMRMRD::ISMRMRD_ACQ_IS_REVERSE);
    scan.lines[index].data(5, 0) *= Complex(0, 1);
  }
  EXPECT_TRUE(warned(read_live(scan), "make it an echo-planar scan, which the header names cartesian"));
  expect_as_in_file(scan);
  std::rotate(scan.lines.begin(), scan.lines.begin() + 3, scan.lines.end());
  const LiveSlices late = read_live(scan);
  EXPECT_TRUE(warned(late, "phase-correction lines behind the first imaging line"));
  EXPECT_TRUE(warned(late, "slice 0 was read out in both directions"));
}

TEST(LiveScan, warns_of_trajectories_that_are_not_read) {
  StreamedScan scan = many_slices(1, false);
  EXPECT_FALSE(warned(read_live(scan), "trajectories"));
  scan.lines[3].resize(8, 2, 2);
  EXPECT_TRUE(warned(read_live(scan), "its lines come with trajectories"));
}

TEST(LiveScan, waits_for_as_many_averages_as_the_header_says) {
  MrdMatrix matrix = matrix_of(8);
  matrix.limits = limit_xml("average", 0, 1, 0);
  StreamedScan scan{mrd_xml(matrix), scan_of(8)};
  for (auto acquisition : scan_of(8)) {
    acquisition.idx().average = 1;
    acquisition.data(3, 1) *= 3.0F;
    scan.lines.push_back(acquisition);
  }
  for (auto& acquisition : scan.lines) {
    if (acquisition.idx().kspace_encode_step_1 == 7) {
      acquisition.setFlag(ISMRMRD::ISMRMRD_ACQ_LAST_IN_SLICE);
    }
  }
  const LiveSlices result = read_live(scan);
  ASSERT_EQ(result.slices.size(), 1U);
  EXPECT_EQ(result.slices[0].after, 16U);
  expect_as_in_file(scan);
}

TEST(LiveScan, waits_for_lines_that_all_others_have_come_as_often_as) {
  StreamedScan scan{mrd_xml(matrix_of(8)), {}};
  for (const auto& acquisition : scan_of(8)) {
    for (std::uint16_t average = 0; average < 2; ++average) {
      scan.lines.push_back(acquisition);
      scan.lines.back().idx().average = average;
      scan.lines.back().data(3, 1) *= static_cast<float>(1 + average);
    }
  }
  EXPECT_EQ(read_live(scan).slices.front().after, 16U);
  expect_as_in_file(scan);
  std::swap(scan.lines[2], scan.lines[15]);
  std::swap(scan.lines[6], scan.lines[9]);
  expect_as_in_file(scan);
}

TEST(LiveScan, ends_a_slice_with_a_line_that_came_twice_at_its_flagged_line) {
  StreamedScan scan = many_slices(2, false);
  scan.lines.insert(scan.lines.begin(), scan.lines.front());
  scan.lines[8].setFlag(ISMRMRD::ISMRMRD_ACQ_LAST_IN_SLICE);
  EXPECT_EQ(read_live(scan).slices.front().after, 9U);
}

TEST(LiveScan, tells_of_lines_that_come_when_their_slice_was_whole) {
  StreamedScan scan{mrd_xml(matrix_of(8)), scan_of(8)};
  scan.lines.push_back(scan.lines.front());
  const LiveSlices result = read_live(scan);
  EXPECT_EQ(result.slices.size(), 1U);
  EXPECT_TRUE(warned(result, "lines of slice 0 that came after it was whole are left out"));
}

TEST(LiveScan, learns_of_averages_that_the_header_does_not_tell) {
  StreamedScan scan{mrd_xml(matrix_of(8)), {}};
  for (std::uint16_t slice = 0; slice < 3; ++slice) {
    for (std::uint16_t average = 0; average < 2; ++average) {
      for (auto acquisition : scan_of(8)) {
        acquisition.idx().slice = slice;
        acquisition.idx().average = average;
        acquisition.data(3, 1) *= static_cast<float>(1 + average + slice);
        scan.lines.push_back(acquisition);
      }
    }
  }
  const LiveSlices result = read_live(scan);
  ASSERT_EQ(result.slices.size(), 3U);
  EXPECT_EQ(result.slices[0].after, 8U);
  EXPECT_EQ(result.slices[1].after, 32U);
  EXPECT_EQ(result.slices[2].after, 48U);
  EXPECT_EQ(std::ranges::count_if(
                result.warnings,
                [](const std::string& text) { return text.find("fewer averages than were measured") != text.npos; }),
            1);
  EXPECT_TRUE(warned(result, "lines of slice 0 that came after it was whole are left out: its row holds fewer"));
  const auto file = open_scan(written_mrd(scan.xml, scan.lines), {});
  for (const int slice : {1, 2}) {
    EXPECT_EQ(result.slices[static_cast<std::size_t>(slice)].slice.samples, read_slice(*file, slice).samples);
  }
  scan.lines.resize(8);  // the first average alone
  const auto first = open_scan(written_mrd(scan.xml, scan.lines), {});
  EXPECT_EQ(result.slices[0].slice.samples, read_slice(*first, 0).samples);
}

TEST(LiveScan, keeps_repetitions_contrasts_and_sets_apart) {
  StreamedScan scan{mrd_xml(matrix_of(8)), {}};
  for (std::uint16_t repetition = 0; repetition < 2; ++repetition) {
    for (auto acquisition : scan_of(8)) {
      for (std::uint16_t contrast = 0; contrast < 2; ++contrast) {
        acquisition.idx().repetition = repetition;
        acquisition.idx().contrast = contrast;
        acquisition.idx().set = static_cast<std::uint16_t>(repetition + contrast);
        acquisition.data(1, 1) = Complex(repetition, contrast);
        scan.lines.push_back(acquisition);
      }
    }
  }
  EXPECT_EQ(read_live(scan).slices.front().after, 15U);
  expect_as_in_file(scan);
}

StreamedScan accelerated(bool flagged, bool separate) {
  MrdMatrix matrix = matrix_of(32);
  matrix.limits = limit_xml("kspace_encoding_step_1", 0, 31, 16);
  StreamedScan scan{mrd_xml(matrix), {}};
  for (std::uint16_t slice = 0; slice < 2; ++slice) {
    const auto add = [&](std::uint16_t y, int flag) {
      auto acquisition = line(2, 8, y);
      acquisition.idx().slice = slice;
      acquisition.data(2, 0) += Complex(slice, 0);
      if (flag != 0) {
        acquisition.setFlag(static_cast<std::uint64_t>(flag));
      }
      scan.lines.push_back(acquisition);
    };
    for (std::uint16_t y = 10; separate && y < 22; ++y) {
      add(y, ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION);
    }
    for (std::uint16_t y = 0; y < 32; ++y) {
      const bool calibration = !separate && y >= 10 && y < 22;
      if (calibration || y % 2 == 0) {
        add(y, calibration ? ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION_AND_IMAGING : 0);
      }
    }
    if (flagged) {
      scan.lines.back().setFlag(ISMRMRD::ISMRMRD_ACQ_LAST_IN_SLICE);
    }
  }
  return scan;
}

TEST(LiveScan, ends_an_accelerated_slice_at_its_flagged_line) {
  for (const bool separate : {false, true}) {
    const StreamedScan scan = accelerated(true, separate);
    const LiveSlices result = read_live(scan);
    ASSERT_EQ(result.slices.size(), 2U);
    EXPECT_EQ(result.slices[0].after, scan.lines.size() / 2);
    EXPECT_TRUE(warned(result, "accelerated: "));
    expect_as_in_file(scan);
  }
}

TEST(LiveScan, gives_an_accelerated_slice_without_flags_at_the_end) {
  const StreamedScan scan = accelerated(false, true);
  EXPECT_EQ(read_live(scan).slices.front().after, scan.lines.size());
  expect_as_in_file(scan);
}

TEST(LiveScan, does_not_take_a_flag_for_the_end_of_a_slice_that_lacks_lines) {
  StreamedScan scan{mrd_xml(matrix_of(8)), scan_of(8)};
  scan.lines[3].setFlag(ISMRMRD::ISMRMRD_ACQ_LAST_IN_SLICE);
  EXPECT_EQ(read_live(scan).slices.front().after, 8U);
}

TEST(LiveScan, prewhitens_by_noise_lines_that_come_first) {
  StreamedScan scan{mrd_xml(matrix_of(8)), scan_of(8)};
  scan.lines.insert(scan.lines.begin(), noise_of_power(3));
  EXPECT_TRUE(read_live(scan).noise.has_value());
  expect_as_in_file(scan);
  scan.lines.push_back(noise_of_power(5));
  EXPECT_TRUE(warned(read_live(scan), "noise lines behind the first imaging line are left out"));
}

TEST(LiveScan, takes_the_noise_of_the_measurement_that_the_header_names) {
  MeasuredNoise other;
  other.name = "b";
  other.measurement_id = "b";
  other.coils = 2;
  other.samples = 100;
  other.covariance = NoiseCovariance{2, {4.0, 0.0, 0.0, 9.0}, {}};
  MrdMatrix perhaps_flat = matrix_of(8);
  perhaps_flat.z = 2;
  for (const MrdMatrix& matrix : {matrix_of(8), perhaps_flat}) {  // placed as it comes, and held
    const StreamedScan scan{with_ids(mrd_xml(matrix), "1", "b"), scan_of(8)};
    const LiveSlices result = read_live(scan, {}, {other});
    ASSERT_TRUE(result.noise.has_value());
    EXPECT_EQ(result.noise->values, other.covariance->values);
    EXPECT_EQ(result.noise_source, "b");
    EXPECT_EQ(result.held, matrix.z > 1);
  }
}

TEST(LiveScan, takes_the_noise_of_its_own_coils_whatever_their_order) {
  MeasuredNoise other;
  other.name = "b";
  other.measurement_id = "b";
  other.coils = 2;
  other.samples = 100;
  other.covariance = NoiseCovariance{2, {4.0, {1.0, 2.0}, {1.0, -2.0}, 9.0}, {}};
  MrdMatrix perhaps_flat = matrix_of(8);
  perhaps_flat.z = 2;
  for (const MrdMatrix& matrix : {matrix_of(8), perhaps_flat}) {  // placed as it comes, and held
    const StreamedScan scan{with_coil_names(with_ids(mrd_xml(matrix), "1", "b"), {"A", "B"}), scan_of(8)};
    other.coil_names = {"B", "A"};
    const LiveSlices turned = read_live(scan, {}, {other});
    ASSERT_TRUE(turned.noise.has_value());
    EXPECT_EQ(turned.noise->values, (std::vector<std::complex<double>>{9.0, {1.0, -2.0}, {1.0, 2.0}, 4.0}));
    EXPECT_EQ(turned.noise_source, "b");
    other.coil_names = {"A", "C"};
    const LiveSlices without = read_live(scan, {}, {other});
    EXPECT_FALSE(without.noise.has_value());
    EXPECT_TRUE(
        warned(without, "the noise of group \"b\" is that of other coils: coil 1 is \"B\" here and \"C\" there"));
    EXPECT_EQ(without.held, matrix.z > 1);
  }
}

TEST(LiveScan, holds_what_cannot_be_placed_yet) {
  MrdMatrix no_centre = matrix_of(8);
  no_centre.limits = limit_xml("kspace_encoding_step_1", 0, 6, 0);
  StreamedScan by_signal{mrd_xml(no_centre), scan_of(7)};
  by_signal.lines[3].data(4, 0) = 100;
  expect_as_in_file(by_signal);

  MrdMatrix calibration;
  MrdMatrix image = matrix_of(8);
  StreamedScan two_spaces{mrd_xml({calibration, image}), scan_of(8)};
  for (auto& acquisition : two_spaces.lines) {
    acquisition.encoding_space_ref() = 1;
  }
  expect_as_in_file(two_spaces);

  MrdMatrix perhaps_flat = matrix_of(8);
  perhaps_flat.z = 2;
  expect_as_in_file({mrd_xml(perhaps_flat), scan_of(8)});

  MrdMatrix with_limits = perhaps_flat;
  with_limits.limits = limit_xml("kspace_encoding_step_1", 0, 7, 4) + limit_xml("kspace_encoding_step_2", 0, 1, 1);
  StreamedScan flat = many_slices(3, false);
  flat.xml = mrd_xml(with_limits);
  EXPECT_EQ(read_live(flat).slices.size(), 3U);
  expect_as_in_file(flat);
}

TEST(LiveScan, names_the_encoding_space_of_calibration_lines_that_the_header_does_not_have) {
  StreamedScan scan{mrd_xml(matrix_of(8)), scan_of(8)};
  ISMRMRD::Acquisition calibration = line(2, 8, 3);
  calibration.setFlag(ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION);
  calibration.encoding_space_ref() = 1;
  scan.lines.insert(scan.lines.begin(), calibration);
  expect_as_in_file(scan);
  EXPECT_TRUE(warned(read_live(scan), "ACS lines of encoding space 1 are left out"));
  EXPECT_TRUE(warns(*open_scan(written_mrd(scan.xml, scan.lines), {}), "1 ACS lines of encoding space 1 are left out"));
}

TEST(LiveScan, that_was_stopped_gives_what_is_whole_and_names_the_rest) {
  StreamedScan scan = many_slices(3, false);
  scan.lines.resize(20);
  const LiveSlices result = read_live(scan);
  EXPECT_EQ(result.slices.size(), 2U);
  EXPECT_TRUE(
      warned(result, "the scan was stopped: 1 unfinished slice(s) or slab(s) left out (slice 2 has 4 of 8 lines)"));
}

TEST(LiveScan, that_is_accelerated_and_was_stopped_gives_what_its_file_does) {
  StreamedScan scan = accelerated(true, false);
  for (const std::size_t count : {scan.lines.size() / 2 + 6, scan.lines.size() / 2 + 15}) {
    StreamedScan stopped = scan;
    stopped.lines.resize(count);
    EXPECT_EQ(read_live(stopped).slices.size(), 1U);
    expect_as_in_file(stopped);
  }
}

TEST(LiveScan, that_is_undersampled_is_refused_at_its_end_unless_that_is_allowed) {
  StreamedScan scan{mrd_xml(matrix_of(8)), scan_of(8)};
  scan.lines.erase(scan.lines.begin() + 1);
  EXPECT_THROW(read_live(scan), Error);
  ReadOptions options;
  options.allow_undersampled = true;
  EXPECT_EQ(read_live(scan, options).slices.size(), 1U);
  expect_as_in_file(scan, options);
}

TEST(LiveScan, takes_no_memory_for_a_matrix_of_which_next_to_nothing_came) {
  constexpr unsigned side = 16384;
  MrdMatrix huge = matrix_of(side);
  LiveScan scan(parse_mrd_header(mrd_xml(huge)), {}, {});
  Acquisition header;
  header.samples = 8;
  header.coils = 2;
  header.center_sample = 4;
  const std::vector<std::complex<float>> samples(16, 1.0F);
  for (std::uint16_t slice = 0; slice < 20'000; ++slice) {  // 84 GB, were they whole
    header.slice = slice;
    scan.add(header, samples);
  }
  EXPECT_EQ(scan.slices(), 0);
}

TEST(LiveScan, without_an_image_has_the_noise_that_it_measured) {
  const std::string xml = with_coil_names(with_ids(mrd_xml(matrix_of(8)), "noise_1", ""), {"A", "B"});
  LiveScan scan(parse_mrd_header(xml), {}, {});
  add_line(scan, noise_of_power(2));
  scan.end();
  Slice slice;
  EXPECT_FALSE(scan.next(slice));
  ASSERT_TRUE(scan.measured_noise().has_value());
  EXPECT_EQ(scan.measured_noise()->measurement_id, "noise_1");
  EXPECT_EQ(scan.measured_noise()->coil_names, (std::vector<std::string>{"A", "B"}));
}

}  // namespace
}  // namespace mriembed::io::testing_files
