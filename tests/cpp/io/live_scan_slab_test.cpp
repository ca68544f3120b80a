// Slabs while they are measured: when they are whole, and that their partitions are the file's.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "live_streams.hpp"
#include "scan_files.hpp"

namespace mriembed::io::testing_files {
namespace {

StreamedScan slab() {
  MrdMatrix matrix;
  matrix.z = 4;
  matrix.recon_z = 4;
  matrix.limits = limit_xml("kspace_encoding_step_1", 0, 3, 2) + limit_xml("kspace_encoding_step_2", 0, 3, 2);
  StreamedScan scan{mrd_xml(matrix), {}};
  for (std::uint16_t z = 0; z < 4; ++z) {
    for (std::uint16_t y = 0; y < 4; ++y) {
      scan.lines.push_back(line(2, 8, y, z));
      ISMRMRD::AcquisitionHeader head = scan.lines.back().getHead();  // is packed: members may lie unaligned
      head.position[2] = 12;
      head.slice_dir[2] = 1;
      scan.lines.back().setHead(head);
    }
  }
  return scan;
}

TEST(LiveScan, gives_the_partitions_of_a_slab_with_its_last_line) {
  const LiveSlices result = read_live(slab());
  ASSERT_EQ(result.slices.size(), 4U);
  EXPECT_EQ(result.slices[3].slice.label.partition, 3);
  expect_as_in_file(slab());
}

// The lines of all partitions that the listener was told of last are the slices' own, bit for bit.
void expect_told_as_given(const LiveSlices& result) {
  for (const ToldLine& told : result.told) {
    const Slice& slice = result.slices.at(static_cast<std::size_t>(told.partition)).slice;
    ASSERT_EQ(slice.label.partition, told.partition);
    for (std::int64_t coil = 0; coil < slice.channels; ++coil) {
      const Complex* const given = slice.samples.data() + (coil * slice.height + told.line) * slice.width;
      EXPECT_EQ(std::memcmp(told.samples.data() + coil * slice.width, given,
                            static_cast<std::size_t>(slice.width) * sizeof(Complex)),
                0);
    }
  }
}

// After how many lines of the scan the listener was told of each line of partition 2, in their order.
std::vector<std::size_t> told_after(const LiveSlices& result) {
  std::vector<std::size_t> after;
  for (const ToldLine& told : result.told) {
    if (told.partition == 2) {
      EXPECT_FALSE(told.again);
      after.push_back(told.after + 1);
    }
  }
  return after;
}

TEST(LiveScan, tells_of_a_line_of_all_partitions_with_its_last_step_along_z) {
  StreamedScan scan = slab();
  const LiveSlices outside = read_live(scan);
  EXPECT_EQ(outside.told.size(), 16U);
  EXPECT_EQ(told_after(outside), (std::vector<std::size_t>{13, 14, 15, 16}));
  expect_told_as_given(outside);
  std::ranges::sort(scan.lines, {}, [](const ISMRMRD::Acquisition& one) {
    const ISMRMRD::EncodingCounters counters = one.getHead().idx;
    return 4 * counters.kspace_encode_step_1 + counters.kspace_encode_step_2;
  });
  const LiveSlices inside = read_live(scan);
  EXPECT_EQ(told_after(inside), (std::vector<std::size_t>{4, 8, 12, 16}));
  expect_told_as_given(inside);
  expect_as_in_file(scan);
}

TEST(LiveScan, tells_of_the_lines_of_the_partitions_that_are_slices_where_z_is_oversampled) {
  StreamedScan scan = slab();
  MrdMatrix matrix;
  matrix.z = 4;
  matrix.recon_z = 2;
  matrix.encoded_fov = Fov{8, 4, 4};
  matrix.recon_fov = Fov{8, 4, 2};
  matrix.limits = limit_xml("kspace_encoding_step_1", 0, 3, 2) + limit_xml("kspace_encoding_step_2", 0, 3, 2);
  scan.xml = mrd_xml(matrix);
  const LiveSlices result = read_live(scan);
  EXPECT_EQ(result.slices.size(), 2U);
  EXPECT_EQ(result.told.size(), 8U);
  expect_told_as_given(result);
  expect_as_in_file(scan);
}

TEST(LiveScan, tells_again_of_the_partitions_where_a_line_of_a_slab_comes_twice) {
  StreamedScan scan = slab();
  scan.lines.insert(scan.lines.begin() + 14, line(2, 8, 1, 0));  // of a row that was told
  const LiveSlices result = read_live(scan);
  std::vector<std::int64_t> again;
  for (const ToldLine& told : result.told) {
    if (told.again) {
      again.push_back(told.partition);
    } else {
      EXPECT_LE(told.after, 13U);  // and of no other row after that
    }
  }
  EXPECT_EQ(again, (std::vector<std::int64_t>{0, 1, 2, 3}));
  expect_as_in_file(scan);
}

// 20 lines and 8 partitions, all with the same lines: every second one, and all around the centre.
StreamedScan slab_accelerated_along_y() {
  MrdMatrix matrix = matrix_of(20);
  matrix.z = 8;
  matrix.recon_z = 8;
  matrix.limits = limit_xml("kspace_encoding_step_1", 0, 19, 10) + limit_xml("kspace_encoding_step_2", 0, 7, 4);
  StreamedScan scan{with_acceleration(mrd_xml(matrix), 2, 1), {}};
  for (std::uint16_t z = 0; z < 8; ++z) {
    for (std::uint16_t y = 0; y < 20; ++y) {
      if (y % 2 == 0 || (y >= 6 && y < 14)) {
        scan.lines.push_back(line(2, 8, y, z));
      }
    }
  }
  scan.lines.back().setFlag(ISMRMRD::ISMRMRD_ACQ_LAST_IN_SLICE);
  return scan;
}

TEST(LiveScan, tells_of_the_measured_lines_of_a_slab_that_is_accelerated_along_y) {
  const StreamedScan scan = slab_accelerated_along_y();
  const LiveSlices result = read_live(scan);
  EXPECT_EQ(result.slices.size(), 8U);
  EXPECT_EQ(result.slices.front().after, scan.lines.size());
  EXPECT_EQ(told_after(result).size(), 14U);
  expect_told_as_given(result);
  expect_as_in_file(scan);
}

TEST(LiveScan, makes_partitions_at_the_end_where_a_lost_line_of_a_slab_is_filled) {
  StreamedScan scan = slab_accelerated_along_y();
  scan.lines.erase(scan.lines.begin() + 66);  // between lines that are there along z
  ReadOptions undersampled;
  undersampled.allow_undersampled = true;
  const LiveSlices result = read_live(scan, undersampled);
  EXPECT_EQ(result.slices.front().slice.label.slab_sampling.substr(0, 6), "grappa");
  EXPECT_EQ(std::ranges::count_if(result.told, [](const ToldLine& told) { return told.again; }), 8);
  expect_as_in_file(scan, undersampled);
}

// Its partitions take memory.
TEST(LiveScan, tells_of_no_row_of_a_slab_before_an_eighth_of_it_came) {
  MrdMatrix matrix = matrix_of(20);
  matrix.z = 8;
  matrix.recon_z = 8;
  matrix.limits = limit_xml("kspace_encoding_step_1", 0, 19, 10) + limit_xml("kspace_encoding_step_2", 0, 7, 4);
  StreamedScan scan{mrd_xml(matrix), {}};
  for (std::uint16_t y = 0; y < 20; ++y) {
    for (std::uint16_t z = 0; z < 8; ++z) {
      scan.lines.push_back(line(2, 8, y, z));
    }
  }
  const std::vector<std::size_t> after = told_after(read_live(scan));
  ASSERT_EQ(after.size(), 20U);
  EXPECT_EQ(std::vector<std::size_t>(after.begin(), after.begin() + 4), (std::vector<std::size_t>{20, 20, 24, 32}));
}

TEST(LiveScan, tells_of_the_rows_of_one_slab_at_a_time) {
  StreamedScan scan = slab();
  for (const ISMRMRD::Acquisition& one : slab().lines) {  // interleaved with a second contrast
    ISMRMRD::Acquisition other = one;
    other.idx().contrast = 1;
    scan.lines.push_back(other);
  }
  std::ranges::sort(scan.lines, {}, [](const ISMRMRD::Acquisition& one) {
    const ISMRMRD::EncodingCounters counters = one.getHead().idx;
    return 8 * counters.kspace_encode_step_2 + 2 * counters.kspace_encode_step_1 + counters.contrast;
  });
  const LiveSlices result = read_live(scan);
  EXPECT_EQ(result.slices.size(), 8U);
  EXPECT_EQ(result.told.size(), 16U);
  EXPECT_TRUE(std::ranges::all_of(result.told, [](const ToldLine& told) { return told.key[1] == 0; }));
  expect_as_in_file(scan);
}

TEST(LiveScan, places_a_slab_once_a_line_of_another_partition_came_and_refuses_one_that_was_stopped_before) {
  StreamedScan scan = slab();
  scan.lines.resize(7);
  EXPECT_THROW(read_live(scan), Error);
  scan.lines.resize(3);
  EXPECT_THROW(read_live(scan), Error);
  EXPECT_NE(refusal_of(written_mrd(scan.xml, scan.lines)).find("3 of 16 lines"), std::string::npos);
}

// Of the line that ends them.
// `partitions_as_repetitions`: flagged as the last one of its repetition where it ends a partition.
enum class Flagged { none, slabs, partitions, repetitions, partitions_as_repetitions };

struct SlabCourse {
  Flagged flagged = Flagged::slabs;
  bool factors = true;  // in the header
  int segments = 1;     // of lines, interleaved: each is a pass through all partitions
  std::uint16_t averages = 1;
  bool slabs_inside = false;  // a segment of each slab after the other
  bool elliptical = false;    // not accelerated
};

// Two slabs, twice, of 20 lines and 12 partitions, accelerated twice along both, with ACS lines inside.
StreamedScan accelerated_slabs(const SlabCourse& course) {
  MrdMatrix matrix = matrix_of(20);
  matrix.z = 12;
  matrix.recon_z = 12;
  matrix.limits = limit_xml("kspace_encoding_step_1", 0, 19, 10) + limit_xml("kspace_encoding_step_2", 0, 11, 6) +
                  limit_xml("average", 0, course.averages - 1U, 0);
  StreamedScan scan{mrd_xml(matrix), {}};
  if (course.factors) {
    scan.xml = with_acceleration(scan.xml, 2, 2);
  }
  const auto measured = [&](std::uint16_t y, std::uint16_t z) {
    if (course.elliptical) {
      return std::hypot((y - 10) / 10.0, (z - 6) / 6.0) <= 1;
    }
    const bool calibration = y >= 6 && y < 14 && z >= 3 && z < 9;
    return (y % 2 == 0 && z % 2 == 0) || calibration;
  };
  const auto add_segment = [&](std::uint16_t repetition, std::uint16_t slab, std::uint16_t average, int segment) {
    for (std::uint16_t z = 0; z < 12; ++z) {
      const std::size_t before = scan.lines.size();
      for (std::uint16_t y = 0; y < 20; ++y) {
        if (!measured(y, z) || y / 2 % course.segments != segment) {
          continue;
        }
        auto acquisition = line(2, 8, y, z);
        acquisition.idx().slice = slab;
        acquisition.idx().repetition = repetition;
        acquisition.idx().average = average;
        acquisition.data(2, 0) += Complex(slab, static_cast<float>(repetition + average));
        scan.lines.push_back(acquisition);
      }
      if (scan.lines.size() == before) {
        continue;
      }
      if (course.flagged == Flagged::partitions) {
        scan.lines.back().setFlag(ISMRMRD::ISMRMRD_ACQ_LAST_IN_SLICE);
      } else if (course.flagged == Flagged::partitions_as_repetitions) {
        scan.lines.back().setFlag(ISMRMRD::ISMRMRD_ACQ_LAST_IN_REPETITION);
      }
    }
    if (course.flagged == Flagged::slabs) {  // of each average and each segment
      scan.lines.back().setFlag(ISMRMRD::ISMRMRD_ACQ_LAST_IN_SLICE);
    }
  };
  for (std::uint16_t repetition = 0; repetition < 2; ++repetition) {
    for (int outer = 0; outer < (course.slabs_inside ? course.segments : 2); ++outer) {
      for (std::uint16_t average = 0; average < course.averages; ++average) {
        for (int inner = 0; inner < (course.slabs_inside ? 2 : course.segments); ++inner) {
          add_segment(repetition, static_cast<std::uint16_t>(course.slabs_inside ? inner : outer), average,
                      course.slabs_inside ? outer : inner);
        }
      }
    }
    if (course.flagged == Flagged::repetitions) {
      scan.lines.back().setFlag(ISMRMRD::ISMRMRD_ACQ_LAST_IN_REPETITION);
    }
  }
  return scan;
}

// After which lines the first partition of each slab came, in quarters of the scan.
std::vector<double> quarters_of(const LiveSlices& result, const StreamedScan& scan) {
  std::vector<double> quarters;
  for (std::size_t index = 0; index < result.slices.size(); index += 12) {
    quarters.push_back(4 * static_cast<double>(result.slices[index].after) / static_cast<double>(scan.lines.size()));
  }
  return quarters;
}

TEST(LiveScan, ends_an_accelerated_slab_with_its_last_line) {
  for (const Flagged flagged : {Flagged::slabs, Flagged::partitions}) {
    for (const int segments : {1, 2, 5}) {
      for (const std::uint16_t averages : {std::uint16_t{1}, std::uint16_t{2}}) {
        const StreamedScan scan = accelerated_slabs({.flagged = flagged, .segments = segments, .averages = averages});
        const LiveSlices result = read_live(scan);
        EXPECT_EQ(quarters_of(result, scan), (std::vector<double>{1, 2, 3, 4})) << segments << ", " << averages;
        EXPECT_EQ(result.slices.front().slice.label.slab_sampling.substr(0, 12), "grappa 2 x 2");
        EXPECT_FALSE(warned(result, "left out"));
        EXPECT_TRUE(result.told.empty());  // it is accelerated along z
        expect_as_in_file(scan);
      }
    }
  }
}

TEST(LiveScan, ends_an_accelerated_slab_without_flags_where_the_next_one_begins) {
  const StreamedScan scan = accelerated_slabs({.flagged = Flagged::none, .segments = 2});
  const LiveSlices result = read_live(scan);
  const double line = 4 / static_cast<double>(scan.lines.size());
  EXPECT_EQ(quarters_of(result, scan), (std::vector<double>{1 + line, 2 + line, 3 + line, 4}));
  expect_as_in_file(scan);
  const StreamedScan repetitions = accelerated_slabs({.flagged = Flagged::repetitions});
  EXPECT_EQ(quarters_of(read_live(repetitions), repetitions), (std::vector<double>{1 + line, 2, 3 + line, 4}));
  expect_as_in_file(repetitions);
}

TEST(LiveScan, ends_no_accelerated_slab_before_all_of_its_segments_came) {
  for (const Flagged flagged : {Flagged::slabs, Flagged::none}) {  // after the first segment, it looks twice as fast
    const StreamedScan scan = accelerated_slabs({.flagged = flagged, .segments = 2, .slabs_inside = true});
    const LiveSlices result = read_live(scan);
    ASSERT_EQ(result.slices.size(), 48U);
    EXPECT_GT(quarters_of(result, scan).front(), 1.4);
    EXPECT_FALSE(warned(result, "left out"));
    expect_as_in_file(scan);
  }
}

TEST(LiveScan, ends_accelerated_slabs_of_an_unknown_factor_at_the_end) {
  const StreamedScan scan = accelerated_slabs({.factors = false});
  EXPECT_EQ(quarters_of(read_live(scan), scan), (std::vector<double>{4, 4, 4, 4}));
  expect_as_in_file(scan);
}

TEST(LiveScan, ends_slabs_of_an_unknown_pattern_where_another_repetition_begins_behind_the_flagged_end_of_theirs) {
  for (const bool elliptical : {false, true}) {
    for (const std::uint16_t averages : {std::uint16_t{1}, std::uint16_t{2}}) {
      SlabCourse course{.flagged = Flagged::repetitions,
                        .factors = false,
                        .segments = 2,
                        .averages = averages,
                        .slabs_inside = true,
                        .elliptical = elliptical};
      const StreamedScan scan = accelerated_slabs(course);
      const double line = 4 / static_cast<double>(scan.lines.size());
      EXPECT_EQ(quarters_of(read_live(scan), scan), (std::vector<double>{2 + line, 2 + line, 4, 4}));
      expect_as_in_file(scan);
      for (const Flagged flagged : {Flagged::none, Flagged::slabs, Flagged::partitions}) {  // these tell it of nothing
        course.flagged = flagged;
        const StreamedScan without = accelerated_slabs(course);
        EXPECT_EQ(quarters_of(read_live(without), without), (std::vector<double>{4, 4, 4, 4}));
      }
    }
  }
}

TEST(LiveScan, does_not_take_the_end_of_a_partition_for_that_of_a_repetition) {
  const StreamedScan scan = accelerated_slabs({.flagged = Flagged::partitions_as_repetitions, .factors = false});
  const LiveSlices result = read_live(scan);
  const double line = 4 / static_cast<double>(scan.lines.size());
  EXPECT_EQ(quarters_of(result, scan), (std::vector<double>{2 + line, 2 + line, 4, 4}));
  EXPECT_FALSE(warned(result, "left out"));
  expect_as_in_file(scan);
}

}  // namespace
}  // namespace mriembed::io::testing_files
