#include "preprocessing/line_completion.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <complex>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace mriembed {
namespace {

// Lines 0 to lines - 1: those from `begin` to `end` - 1 and every `factor`-th one, up to line `last`.
MeasuredLines lines_of(std::int64_t lines, std::int64_t factor, std::int64_t begin, std::int64_t end,
                       std::int64_t last) {
  MeasuredLines measured(static_cast<std::size_t>(lines), 0);
  for (std::int64_t line = 0; line <= last; ++line) {
    const bool calibration = begin <= line && line < end;
    measured[static_cast<std::size_t>(line)] = calibration || line % factor == 0 ? 1 : 0;
  }
  return measured;
}

std::string text_of(const MeasuredLines& measured) { return sampling_of(measured).text(); }

TEST(Sampling, of_all_lines_is_full) { EXPECT_EQ(text_of(lines_of(64, 1, 0, 64, 63)), "full"); }

TEST(Sampling, is_empty_where_there_are_no_lines) { EXPECT_EQ(Sampling().text(), ""); }

TEST(Sampling, names_the_acceleration_where_calibration_lines_lie_at_the_centre) {
  EXPECT_EQ(text_of(lines_of(64, 2, 24, 40, 63)), "grappa 2");
  EXPECT_EQ(text_of(lines_of(256, 4, 116, 140, 255)), "grappa 4");
  const Sampling sampling = sampling_of(lines_of(64, 3, 24, 40, 63));
  EXPECT_EQ(sampling.lines, 64);
  EXPECT_EQ(sampling.measured, 16 + 8 + 8);  // 0, 3, ... 21 and 42, 45, ... 63
  EXPECT_EQ(sampling.acceleration, 3);
}

TEST(Sampling, is_zero_filled_without_calibration_lines_or_where_they_are_few_or_lie_elsewhere) {
  EXPECT_EQ(text_of(lines_of(64, 2, 0, 0, 63)), "zero-filled");
  EXPECT_EQ(text_of(lines_of(64, 2, 30, 33, 63)), "zero-filled");  // 30 to 32
  EXPECT_EQ(text_of(lines_of(64, 2, 0, 20, 63)), "zero-filled");
}

TEST(Sampling, needs_three_calibration_lines_for_each_line_of_a_gap) {
  EXPECT_EQ(text_of(lines_of(64, 2, 29, 34, 63)), "grappa 2");     // 28 to 34
  EXPECT_EQ(text_of(lines_of(64, 3, 28, 36, 63)), "grappa 3");     // 27 to 36
  EXPECT_EQ(text_of(lines_of(64, 3, 29, 35, 63)), "zero-filled");  // 29 to 34
  EXPECT_EQ(text_of(lines_of(64, 4, 26, 38, 63)), "grappa 4");     // 26 to 37
  EXPECT_EQ(text_of(lines_of(64, 4, 26, 36, 63)), "zero-filled");  // 26 to 36
  EXPECT_EQ(text_of(lines_of(64, 6, 22, 42, 63)), "grappa 6");
  EXPECT_EQ(text_of(lines_of(64, 6, 24, 40, 63)), "zero-filled");
}

TEST(Sampling, is_zero_filled_where_a_gap_is_too_wide) {
  EXPECT_EQ(text_of(lines_of(64, 7, 18, 46, 63)), "zero-filled");
}

TEST(Sampling, names_the_share_of_partial_fourier_at_either_end) {
  EXPECT_EQ(text_of(lines_of(256, 1, 0, 0, 191)), "partial 6/8");
  EXPECT_EQ(text_of(lines_of(256, 1, 0, 0, 159)), "partial 5/8");
  EXPECT_EQ(text_of(lines_of(100, 1, 0, 0, 62)), "partial 5/8");  // 62.5 lines
  EXPECT_EQ(text_of(lines_of(256, 1, 0, 0, 140)), "partial 141/256");
  MeasuredLines reversed = lines_of(256, 1, 0, 0, 191);
  std::ranges::reverse(reversed);
  EXPECT_EQ(text_of(reversed), "partial 6/8");
}

TEST(Sampling, names_acceleration_and_partial_fourier_together) {
  EXPECT_EQ(text_of(lines_of(256, 2, 116, 140, 191)), "grappa 2, partial 6/8");
  EXPECT_EQ(text_of(lines_of(256, 2, 116, 140, 190)), "grappa 2, partial 6/8");
  EXPECT_EQ(text_of(lines_of(256, 2, 0, 0, 190)), "zero-filled");
}

TEST(Sampling, of_k_space_that_is_padded_at_both_ends_is_full) {
  MeasuredLines padded(128, 0);
  std::fill(padded.begin() + 32, padded.begin() + 97, std::uint8_t{1});
  EXPECT_EQ(text_of(padded), "full");
}

using Range = std::pair<std::int64_t, std::int64_t>;

Range held_for(const MeasuredLines& measured, std::int64_t begin, std::int64_t end) {
  const kernels::LineRange held = lines_to_fill(measured, {begin, end});
  return {held.begin, held.end};
}

TEST(LinesToFill, reach_to_the_measured_lines_around_them) {
  const MeasuredLines measured = lines_of(256, 4, 116, 140, 255);
  EXPECT_EQ(held_for(measured, 72, 184), Range(72, 185));  // 184 is measured, 183 follows from it
  EXPECT_EQ(held_for(measured, 73, 185), Range(72, 185));
  EXPECT_EQ(held_for(measured, 75, 182), Range(72, 185));
  EXPECT_EQ(held_for(measured, 0, 256), Range(0, 256));
}

TEST(LinesToFill, include_the_calibration_lines) {
  EXPECT_EQ(held_for(lines_of(256, 2, 100, 161, 255), 120, 136), Range(100, 161));
}

TEST(LinesToFill, are_all_lines_with_partial_fourier) {
  EXPECT_EQ(held_for(lines_of(256, 2, 116, 140, 190), 72, 184), Range(0, 256));
}

TEST(LinesToFill, do_not_reach_far_into_what_is_not_measured_at_both_ends) {
  MeasuredLines padded(256, 0);
  for (std::int64_t line = 96; line < 160; ++line) {
    padded[static_cast<std::size_t>(line)] = line % 2 == 0 || (line >= 116 && line < 140) ? 1 : 0;
  }
  const Range held = held_for(padded, 72, 184);
  EXPECT_GE(held.first, 66);
  EXPECT_LE(held.second, 190);
}

TEST(MeasuredLines, are_those_with_a_sample_that_is_not_zero_in_any_coil_whatever_the_strides) {
  constexpr std::int64_t coils = 3;
  constexpr std::int64_t lines = 5;
  constexpr std::int64_t width = 4;
  std::vector<std::complex<float>> samples(coils * lines * width);
  const auto at = [&](std::int64_t coil, std::int64_t y, std::int64_t x) -> std::complex<float>& {
    return samples[static_cast<std::size_t>((x * lines + y) * coils + coil)];  // coils vary fastest
  };
  at(2, 1, 3) = {0.0F, 1e-30F};
  at(0, 3, 0) = {-1.0F, 0.0F};
  at(1, 4, 2) = {0.0F, std::numeric_limits<float>::quiet_NaN()};
  at(1, 0, 1) = {-0.0F, 0.0F};
  EXPECT_EQ(measured_lines(samples.data(), {coils, lines, width}, {1, coils, coils * lines}),
            (MeasuredLines{0, 1, 0, 1, 1}));
  // Rows of which the last sample alone is not zero, in memory one after the other.
  std::vector<std::complex<float>> rows(coils * lines * width);
  rows[(2 * lines + 1) * width + width - 1] = {-1e-45F, 0.0F};
  rows[(0 * lines + 3) * width + width - 1] = {0.0F, std::numeric_limits<float>::quiet_NaN()};
  rows[(1 * lines + 2) * width] = {-0.0F, -0.0F};
  EXPECT_EQ(measured_lines(rows.data(), {coils, lines, width}, {lines * width, width, 1}),
            (MeasuredLines{0, 1, 0, 1, 0}));
}

}  // namespace
}  // namespace mriembed
