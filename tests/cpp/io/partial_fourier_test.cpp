#include "partial_fourier.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "scan_files.hpp"

namespace mriembed::io::testing_files {
namespace {

constexpr unsigned height = 16;  // k = 0 lies at line 8

// Lines `begin` to `end` - 1 of a slice, in this order.
std::vector<ISMRMRD::Acquisition> lines_of(unsigned begin, unsigned end, std::uint16_t slice = 0) {
  auto all = scan_of(height);
  for (auto& acquisition : all) {
    acquisition.idx().slice = slice;
  }
  return {all.begin() + begin, all.begin() + end};
}

std::string written(const std::vector<ISMRMRD::Acquisition>& lines) {
  return written_mrd(mrd_xml(matrix_of(height)), lines);
}

void expect_refused(const std::vector<ISMRMRD::Acquisition>& lines, const std::string& says) {
  EXPECT_EQ(refusal_of(written(lines)).find(says), 0U) << refusal_of(written(lines));
}

TEST(PartialFourier, whose_first_lines_are_missing_is_taken) {
  const auto scan = open_scan(written(lines_of(7, height)), {});
  EXPECT_TRUE(warns(*scan,
                    "9 of 16 lines were measured, without a gap and to beyond the centre of k-space: partial Fourier "
                    "that the encoding limits do not tell"));
  const Slice slice = read_slice(*scan, 0);
  EXPECT_EQ(slice.samples[7 * 8 + 3], sample_at(0, 0, 7, 3));
  EXPECT_EQ(slice.samples[6 * 8 + 3], Complex(0));
}

TEST(PartialFourier, whose_last_lines_are_missing_is_taken_where_the_scan_went_on) {
  auto downwards = lines_of(0, 10);
  std::ranges::reverse(downwards);
  EXPECT_TRUE(warns(*open_scan(written(downwards), {}), "10 of 16 lines were measured"));
  auto slices = lines_of(0, 10, 0);
  std::ranges::copy(lines_of(0, 10, 1), std::back_inserter(slices));
  EXPECT_EQ(open_scan(written(slices), {})->summary().slices, 2);
  std::vector<ISMRMRD::Acquisition> shots;
  for (const std::size_t first : {0U, 1U}) {
    for (std::size_t step = first; step < 10; step += 2) {
      shots.push_back(lines_of(0, 10)[step]);
    }
  }
  EXPECT_TRUE(warns(*open_scan(written(shots), {}), "10 of 16 lines were measured"));
}

TEST(PartialFourier, that_may_be_a_stopped_scan_is_refused_as_such) {
  expect_refused(lines_of(0, 12),
                 "undersampled: slice 0 has 12 of 16 lines (the scan was stopped, or is partial Fourier that the "
                 "encoding limits do not tell); reconstruct it first");
}

TEST(PartialFourier, needs_lines_on_both_sides_of_the_centre_and_no_gap) {
  expect_refused(lines_of(8, height), "undersampled: slice 0 has 8 of 16 lines; reconstruct");
  expect_refused(lines_of(2, height - 1), "undersampled: slice 0 has 13 of 16 lines; reconstruct");
  auto gap = lines_of(4, height);
  gap.erase(gap.begin() + 2);
  expect_refused(gap, "undersampled: slice 0 has 11 of 16 lines; reconstruct");
}

TEST(PartialFourier, is_not_what_a_slice_is_beside_one_that_is_whole) {
  auto lines = lines_of(0, height, 0);
  std::ranges::copy(lines_of(6, height, 1), std::back_inserter(lines));
  const auto scan = open_scan(written(lines), {});
  EXPECT_EQ(scan->summary().slices, 1);
  EXPECT_TRUE(warns(*scan, "the scan was stopped: 1 unfinished slice(s) or slab(s) left out (slice 1 has 10 of 16"));
}

}  // namespace
}  // namespace mriembed::io::testing_files
