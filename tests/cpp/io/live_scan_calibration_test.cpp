// Accelerated 2D scans while they are measured: which lines are told of ahead, and that the slices are the file's.
#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <set>
#include <utility>

#include "live_scan.hpp"
#include "live_streams.hpp"

namespace mriembed::io::testing_files {
namespace {

constexpr std::uint16_t height = 64;
constexpr std::uint64_t calibration_flag = ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION;
constexpr std::uint64_t both_flag = ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION_AND_IMAGING;

// Where calibration lines are measured.
enum class Calibration {
  inside,          // in the order of all lines, as image as well
  inside_between,  // the same, those between the grid's lines for calibration alone
  before,          // all of them, for calibration alone
  after,
  first_repetition,  // before, and once for all repetitions
};
constexpr std::array every_calibration{Calibration::inside, Calibration::inside_between, Calibration::before,
                                       Calibration::after, Calibration::first_repetition};

struct Course {
  Calibration calibration = Calibration::inside;
  std::uint16_t first_line = 0;
  bool interleaved = false;  // slices inside the lines
  bool factor = false;       // in the header
  bool flagged = true;       // the last line of each slice
};

ISMRMRD::Acquisition line_of(std::uint16_t y, std::uint16_t slice, std::uint16_t repetition, std::uint64_t flag,
                             float marked = 0) {
  auto acquisition = line(2, 8, y);
  acquisition.idx().slice = slice;
  acquisition.idx().repetition = repetition;
  acquisition.data(2, 0) += Complex(slice, static_cast<float>(repetition) + 10 * marked);
  if (flag != 0) {
    acquisition.setFlag(flag);
  }
  return acquisition;
}

ReadOptions undersampled() {
  ReadOptions options;
  options.allow_undersampled = true;
  return options;
}

bool is_central(std::uint16_t y) { return y >= 20 && y < 44; }

// Two slices, twice, accelerated twice.
StreamedScan scan_of(const Course& course) {
  MrdMatrix matrix = matrix_of(height);
  matrix.limits = limit_xml("kspace_encoding_step_1", course.first_line, height - 1, height / 2);
  StreamedScan scan{mrd_xml(matrix), {}};
  if (course.factor) {
    scan.xml = with_acceleration(scan.xml, 2, 1);
  }
  const auto add_separate = [&](std::uint16_t repetition) {
    for (std::uint16_t slice = 0; slice < 2; ++slice) {
      for (std::uint16_t y = 20; y < 44; ++y) {
        scan.lines.push_back(line_of(y, slice, repetition, calibration_flag, 1));
      }
    }
  };
  for (std::uint16_t repetition = 0; repetition < 2; ++repetition) {
    const bool once = course.calibration == Calibration::first_repetition && repetition == 0;
    if (course.calibration == Calibration::before || once) {
      add_separate(repetition);
    }
    std::vector<ISMRMRD::Acquisition> imaging;
    for (std::uint16_t slice = 0; slice < 2; ++slice) {
      for (std::uint16_t y = course.first_line; y < height; ++y) {
        const bool on_grid = y % 2 == 0;
        const bool inside = is_central(y) && (course.calibration == Calibration::inside ||
                                              course.calibration == Calibration::inside_between);
        if (on_grid || inside) {
          const bool alone = !on_grid && course.calibration == Calibration::inside_between;
          imaging.push_back(line_of(y, slice, repetition, alone ? calibration_flag : inside ? both_flag : 0));
        }
      }
      if (course.flagged) {
        imaging.back().setFlag(ISMRMRD::ISMRMRD_ACQ_LAST_IN_SLICE);
      }
    }
    if (course.interleaved) {
      std::ranges::sort(imaging, {}, [](const ISMRMRD::Acquisition& one) {
        const ISMRMRD::EncodingCounters index = one.getHead().idx;
        return std::pair<std::uint16_t, std::uint16_t>(index.kspace_encode_step_1, index.slice);
      });
    }
    scan.lines.insert(scan.lines.end(), imaging.begin(), imaging.end());
    if (course.calibration == Calibration::after) {
      add_separate(repetition);
    }
  }
  return scan;
}

VolumeKey key_of(const SliceLabel& label) {
  return {static_cast<std::uint16_t>(label.slice), 0, 0, static_cast<std::uint16_t>(label.repetition), 0};
}

// Of each slice, the lines that were told of once and for all lie in it as they were told, and no other one does,
// unless some of it were told to have changed.
void expect_told_lines(const LiveSlices& live) {
  std::map<VolumeKey, std::map<std::int64_t, const ToldLine*>> told;
  std::set<VolumeKey> changed;
  for (const ToldLine& one : live.told) {
    told[one.key][one.line] = &one;
    if (one.again) {
      changed.insert(one.key);
    }
  }
  for (const GivenSlice& given : live.slices) {
    const VolumeKey key = key_of(given.slice.label);
    for (std::int64_t y = 0; y < given.slice.height && !changed.contains(key); ++y) {
      std::vector<Complex> row;
      for (std::int64_t coil = 0; coil < given.slice.channels; ++coil) {
        const auto begin = given.slice.samples.begin() + (coil * given.slice.height + y) * given.slice.width;
        row.insert(row.end(), begin, begin + given.slice.width);
      }
      const auto found = told[key].find(y);
      const bool is_zero = std::ranges::all_of(row, [](const Complex& sample) { return sample == Complex(0); });
      ASSERT_EQ(found == told[key].end(), is_zero) << y;
      ASSERT_TRUE(is_zero || found->second->samples == row) << y;
    }
  }
}

TEST(LiveScanCalibration, is_told_of_ahead_of_the_last_line) {
  for (const Calibration calibration : every_calibration) {
    for (const std::uint16_t first_line : {std::uint16_t{0}, std::uint16_t{16}}) {
      for (const bool interleaved : {false, true}) {
        for (const bool factor : {false, true}) {
          const StreamedScan scan = scan_of({calibration, first_line, interleaved, factor});
          const LiveSlices live = read_live(scan);
          ASSERT_EQ(live.slices.size(), 4U);
          for (const GivenSlice& given : live.slices) {
            std::int64_t lines = 0;
            std::int64_t ahead = 0;
            for (const ToldLine& told : live.told) {
              EXPECT_FALSE(told.again);
              const bool own = told.key == key_of(given.slice.label);
              lines += own ? 1 : 0;
              ahead += own && told.after < given.after ? 1 : 0;
            }
            // Other repetitions' lines are placed at the end: its own ones may come yet.
            const bool others = given.slice.label.repetition == 1 &&
                                (calibration == Calibration::first_repetition || calibration == Calibration::after);
            EXPECT_EQ(lines, (height - first_line) / 2 + 12);
            EXPECT_EQ(ahead, lines - (others ? 12 : 0));
          }
          expect_told_lines(live);
          if (calibration != Calibration::after) {  // the second repetition is whole before its own ones come
            expect_as_in_file(scan);
          }
        }
      }
    }
  }
}

TEST(LiveScanCalibration, makes_way_for_imaging_lines_and_for_that_of_its_own_repetition) {
  StreamedScan scan = scan_of({.calibration = Calibration::first_repetition, .flagged = false});
  scan.lines.push_back(line_of(25, 0, 0, 0, 2));                 // where one for calibration alone lies
  scan.lines.push_back(line_of(27, 1, 1, calibration_flag, 3));  // instead of the other repetition's
  scan.lines.push_back(line_of(27, 1, 1, calibration_flag, 4));  // averaged
  const LiveSlices live = read_live(scan);
  std::map<VolumeKey, int> again;
  for (const ToldLine& told : live.told) {
    again[told.key] += told.again ? 1 : 0;
  }
  EXPECT_EQ((again[{0, 0, 0, 0, 0}]), 1);
  EXPECT_EQ((again[{0, 0, 0, 1, 0}]), 0);
  EXPECT_EQ((again[{1, 0, 0, 1, 0}]), 1);
  expect_told_lines(live);
  expect_as_in_file(scan, undersampled());
}

TEST(LiveScanCalibration, that_does_not_fit_is_refused_only_where_it_is_wanted) {
  const Course course{.calibration = Calibration::before, .flagged = false};
  const auto long_line = [] {
    auto acquisition = line(2, 16, 25);
    acquisition.setFlag(calibration_flag);
    return acquisition;
  };
  StreamedScan wanted = scan_of(course);
  wanted.lines.push_back(long_line());
  EXPECT_THROW(read_live(wanted), Error);
  StreamedScan replaced = scan_of(course);
  replaced.lines.insert(replaced.lines.begin(), long_line());
  replaced.lines.push_back(line_of(25, 0, 0, 0, 2));
  expect_as_in_file(replaced, undersampled());
}

TEST(LiveScanCalibration, gives_the_slices_of_the_file_whatever_the_order_of_the_lines) {
  std::mt19937 random(11);
  const auto draw = [&](std::size_t count) { return std::uniform_int_distribution<std::size_t>(0, count - 1)(random); };
  int replaced = 0;
  for (int round = 0; round < 60; ++round) {
    const Course course{.calibration = every_calibration.at(draw(every_calibration.size())),
                        .first_line = static_cast<std::uint16_t>(16 * draw(2)),
                        .flagged = false};
    StreamedScan scan = scan_of(course);
    for (std::size_t more = draw(8); more > 0;
         --more) {  // repeated and replaced lines, calibration where there is none
      auto again = scan.lines.at(draw(scan.lines.size()));
      again.data(1, 1) *= 3.0F;
      if (draw(2) == 0) {
        again.idx().kspace_encode_step_1 = static_cast<std::uint16_t>(20 + draw(24));
        again.clearAllFlags();
        if (draw(2) == 0) {
          again.setFlag(calibration_flag);
        }
      }
      scan.lines.push_back(again);
    }
    std::ranges::shuffle(scan.lines, random);
    const LiveSlices live = read_live(scan, undersampled());
    expect_told_lines(live);
    expect_as_in_file(scan, undersampled());
    replaced += std::ranges::any_of(live.told, &ToldLine::again) ? 1 : 0;
  }
  EXPECT_GT(replaced, 20);
  EXPECT_LT(replaced, 60);
}

TEST(LiveScan, expects_lines_to_be_missing_by_header_and_calibration) {
  const auto lacks = [](const StreamedScan& scan) {
    LiveScan live(parse_mrd_header(scan.xml), {}, {});
    bool lacks_lines = false;
    live.set_listener([&](const SliceAssembler::PlacedLine& placed) { lacks_lines = live.lacks_lines(placed.key[0]); });
    for (const ISMRMRD::Acquisition& acquisition : scan.lines) {
      add_line(live, acquisition);
      Slice slice;
      while (live.next(slice)) {
      }
    }
    return lacks_lines;
  };
  EXPECT_TRUE(lacks(scan_of({.calibration = Calibration::inside, .factor = true})));
  EXPECT_TRUE(lacks(scan_of({.calibration = Calibration::before})));
  EXPECT_TRUE(lacks(scan_of({.calibration = Calibration::inside, .first_line = 16})));
  EXPECT_FALSE(lacks(scan_of({.calibration = Calibration::inside})));
}

}  // namespace
}  // namespace mriembed::io::testing_files
