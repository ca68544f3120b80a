#include "acquired_lines.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace mriembed::io {
namespace {

// Of 64 lines: `begin` to `end` - 1 and every `factor`-th one up to `last`.
std::vector<bool> lines_of(std::size_t factor, std::size_t begin, std::size_t end, std::size_t last = 63) {
  std::vector<bool> measured(64, false);
  for (std::size_t line = 0; line <= last; ++line) {
    measured[line] = (begin <= line && line < end) || line % factor == 0;
  }
  return measured;
}

TEST(DenseCentre, is_found_in_accelerated_scans_with_partial_fourier_too) {
  EXPECT_TRUE(has_dense_centre(lines_of(2, 24, 40)));
  EXPECT_TRUE(has_dense_centre(lines_of(4, 20, 44)));
  EXPECT_TRUE(has_dense_centre(lines_of(3, 24, 40, 45)));
  EXPECT_TRUE(has_dense_centre(lines_of(8, 24, 40)));
}

TEST(DenseCentre, may_be_small_where_the_lines_farther_out_are_near_each_other) {
  EXPECT_TRUE(has_dense_centre(lines_of(2, 29, 34)));   // 28 to 34
  EXPECT_TRUE(has_dense_centre(lines_of(3, 28, 36)));   // 27 to 36
  EXPECT_FALSE(has_dense_centre(lines_of(3, 29, 35)));  // 29 to 34
  EXPECT_TRUE(has_dense_centre(lines_of(4, 26, 38)));
}

TEST(DenseCentre, is_neither_a_whole_scan_nor_regular_undersampling_nor_few_lines) {
  EXPECT_FALSE(has_dense_centre(lines_of(1, 0, 64)));
  EXPECT_FALSE(has_dense_centre(lines_of(2, 0, 0)));
  EXPECT_FALSE(has_dense_centre(lines_of(4, 28, 36)));
  EXPECT_FALSE(has_dense_centre(std::vector<bool>(64, false)));
}

TEST(DenseCentre, is_not_what_a_scan_that_was_stopped_has) {
  EXPECT_FALSE(has_dense_centre(lines_of(1, 0, 0, 45)));  // line after line
  EXPECT_FALSE(has_dense_centre(lines_of(2, 0, 45)));     // even lines first, then some of the odd ones
  std::vector<bool> downwards = lines_of(2, 0, 45);
  std::reverse(downwards.begin(), downwards.end());
  EXPECT_FALSE(has_dense_centre(downwards));
}

TEST(ReachesAsFar, where_each_volume_measures_other_lines) {
  std::vector<bool> shifted(64, false);
  for (std::size_t line = 2; line < 64; line += 3) {
    shifted[line] = true;
  }
  EXPECT_TRUE(reaches_as_far(shifted, lines_of(3, 0, 0)));
  EXPECT_TRUE(reaches_as_far(lines_of(3, 0, 0), shifted));
}

TEST(ReachesAsFar, not_where_a_volume_was_stopped_or_lacks_lines_or_has_none) {
  EXPECT_FALSE(reaches_as_far(lines_of(3, 24, 40, 50), lines_of(3, 24, 40)));
  EXPECT_FALSE(reaches_as_far(lines_of(4, 24, 40), lines_of(3, 24, 40)));
  EXPECT_FALSE(reaches_as_far(std::vector<bool>(64, false), lines_of(3, 24, 40)));
}

}  // namespace
}  // namespace mriembed::io
