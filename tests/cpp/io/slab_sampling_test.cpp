#include "slab_sampling.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <functional>
#include <vector>

namespace mriembed::io {
namespace {

constexpr std::int64_t height = 32;
constexpr std::int64_t depth = 24;

using Pattern = std::function<bool(std::int64_t, std::int64_t)>;  // of line and partition, from the centre

std::vector<bool> mask(const Pattern& pattern) {
  std::vector<bool> measured;
  for (std::int64_t z = 0; z < depth; ++z) {
    for (std::int64_t y = 0; y < height; ++y) {
      measured.push_back(pattern(y - height / 2, z - depth / 2));
    }
  }
  return measured;
}

bool in_box(std::int64_t y, std::int64_t z) { return y >= -8 && y < 8 && z >= -6 && z < 6; }

bool in_ellipse(std::int64_t y, std::int64_t z) {
  return std::hypot(static_cast<double>(2 * y) / height, static_cast<double>(2 * z) / depth) <= 1;
}

SlabSampling sampling_of(const Pattern& pattern) { return {mask(pattern), height, depth}; }

TEST(CalibrationBoxTest, is_the_largest_one_around_the_centre) {
  const CalibrationBox box =
      calibration_box(mask([](auto y, auto z) { return (y % 2 == 0 && z % 2 == 0) || in_box(y, z); }), height, depth);
  EXPECT_EQ(box.y.begin, height / 2 - 8);
  EXPECT_EQ(box.y.end, height / 2 + 8);
  EXPECT_EQ(box.z.begin, depth / 2 - 6);
  EXPECT_EQ(box.z.end, depth / 2 + 6);
}

TEST(CalibrationBoxTest, is_empty_where_too_little_lies_side_by_side_or_beside_the_centre) {
  const auto empty = [](const Pattern& pattern) { return calibration_box(mask(pattern), height, depth).empty(); };
  EXPECT_TRUE(empty([](auto y, auto z) { return y % 2 == 0 && z % 2 == 0; }));
  EXPECT_TRUE(empty([](auto y, auto z) { return y % 2 == 0 || std::abs(z) < 2; })) << "five partitions";
  EXPECT_TRUE(empty([](auto /*y*/, auto z) { return z < -1 || z % 2 == 0; })) << "the run ends before the centre";
}

TEST(SlabSamplingTest, leaves_to_slices_what_is_alike_in_all_partitions) {
  EXPECT_EQ(sampling_of([](auto, auto) { return true; }).text(), "");
  EXPECT_EQ(sampling_of([](auto y, auto) { return y % 2 == 0 || std::abs(y) < 8; }).text(), "");
  EXPECT_FALSE(sampling_of([](auto y, auto) { return y % 2 == 0 || std::abs(y) < 8; }).fills());
}

TEST(SlabSamplingTest, fills_between_the_lines_of_a_slice_that_has_calibration_lines) {
  const auto of_slice = [](const std::function<bool(std::int64_t)>& measured) {
    std::vector<bool> lines;
    lines.reserve(height);
    for (std::int64_t y = 0; y < height; ++y) {
      lines.push_back(measured(y - height / 2));
    }
    return SlabSampling(lines, height, 1);
  };
  const SlabSampling sampling = of_slice([](auto y) { return y % 3 == 0 || (y >= -8 && y < 8); });
  EXPECT_TRUE(sampling.fills());
  EXPECT_EQ(sampling.most_gap_y, 3);
  EXPECT_EQ(sampling.box.y.begin, height / 2 - 9);  // a line of the grid lies beside them
  EXPECT_EQ(sampling.box.y.end, height / 2 + 8);
  EXPECT_FALSE(of_slice([](auto /*y*/) { return true; }).fills());
  EXPECT_FALSE(of_slice([](auto y) { return y % 3 == 0; }).fills());
  EXPECT_FALSE(of_slice([](auto y) { return y % 3 == 0 || (y >= -2 && y < 3); }).fills())
      << "too few, as for the embedding";
  EXPECT_FALSE(of_slice([](auto y) { return y >= -8 && y < 8; }).fills()) << "nothing lies farther out";
}

TEST(SlabSamplingTest, knows_the_whole_grid_of_an_acceleration) {
  const auto whole = [](const Pattern& pattern, Acceleration acceleration, LineSpan y = {0, height},
                        LineSpan z = {0, depth}) { return has_whole_grid(mask(pattern), height, y, z, acceleration); };
  const Pattern grid = [](auto y, auto z) { return y % 3 == 0 && z % 2 == 0; };
  EXPECT_TRUE(whole(grid, {3, 2}));
  EXPECT_TRUE(whole(grid, {4, 2}));
  EXPECT_FALSE(whole(grid, {2, 2}));
  EXPECT_FALSE(whole(grid, {3, 1}));
  EXPECT_TRUE(whole([&](auto y, auto z) { return grid(y, z) || in_box(y, z); }, {3, 2}));
  EXPECT_FALSE(whole(in_box, {3, 2}));
  EXPECT_TRUE(whole([](auto y, auto z) { return (z + y) % 2 == 0; }, {1, 2})) << "shifted from line to line";
  EXPECT_TRUE(whole([](auto, auto) { return true; }, {1, 1}));
  const Pattern without_last_lines = [&](auto y, auto z) { return grid(y, z) && y < 15; };
  EXPECT_FALSE(whole(without_last_lines, {3, 2}));
  EXPECT_TRUE(whole(without_last_lines, {3, 2}, {0, height - 1})) << "the limits end before";
  const Pattern without_last_partitions = [&](auto y, auto z) { return grid(y, z) && z < 10; };
  EXPECT_FALSE(whole(without_last_partitions, {3, 2}));
  EXPECT_TRUE(whole(without_last_partitions, {3, 2}, {0, height}, {0, depth - 2})) << "the limits end before";
  const Pattern without_a_line = [&](auto y, auto z) { return grid(y, z) && !(y == 6 && z == -4); };
  EXPECT_FALSE(whole(without_a_line, {3, 2}));
}

TEST(SlabSamplingTest, names_both_factors) {
  EXPECT_EQ(sampling_of([](auto y, auto z) { return (y % 3 == 0 && z % 2 == 0) || in_box(y, z); }).text(),
            "grappa 3 x 2");
  EXPECT_EQ(sampling_of([](auto y, auto z) { return (z + y) % 4 == 0 || in_box(y, z); }).text(), "grappa 1 x 4");
  EXPECT_EQ(sampling_of([](auto, auto z) { return z % 2 == 0 || std::abs(z) < 6; }).text(), "grappa 1 x 2");
  EXPECT_EQ(sampling_of([](auto y, auto z) { return y % 2 == 0 || in_box(y, z); }).text(), "grappa 2 x 1");
}

TEST(SlabSamplingTest, names_what_stays_zero) {
  EXPECT_EQ(sampling_of([](auto y, auto z) { return y % 2 == 0 && (z + y / 2) % 2 == 0; }).text(), "zero-filled");
  EXPECT_EQ(sampling_of([](auto y, auto z) { return (y % 8 == 0 && z % 2 == 0) || in_box(y, z); }).text(),
            "grappa 1 x 2, zero-filled")
      << "eight lines apart are too many";
  EXPECT_EQ(sampling_of(in_ellipse).text(), "corners zero-filled");
  EXPECT_EQ(sampling_of([](auto y, auto z) { return z >= -6 && (y % 2 == 0 || in_box(y, z)); }).text(),
            "grappa 2 x 1, partial 6/8 along z");
  EXPECT_EQ(sampling_of([](auto, auto z) { return z >= -6; }).text(), "partial 6/8 along z");
  EXPECT_EQ(sampling_of([](auto, auto z) { return std::abs(z) <= 6; }).text(), "") << "a lower resolution";
}

TEST(IsElliptical, tells_an_ellipse_from_a_scan_that_was_stopped) {
  const auto elliptical = [](const Pattern& pattern) {
    return is_elliptical(mask(pattern), height, depth, {0, height}, {0, depth});
  };
  EXPECT_TRUE(elliptical(in_ellipse));
  EXPECT_FALSE(elliptical([](auto, auto) { return true; })) << "nothing is missing";
  EXPECT_FALSE(elliptical([](auto, auto z) { return z < 11; })) << "the last partition is missing";
  EXPECT_FALSE(elliptical([](auto y, auto z) { return in_ellipse(y, z) && z < 9; }));
  EXPECT_FALSE(elliptical([](auto y, auto z) { return in_ellipse(y, z) && (y + z) % 2 == 0; }));
}

TEST(IsElliptical, reaches_as_far_as_the_encoding_limits) {
  const auto partial = mask([](auto y, auto z) { return in_ellipse(y, z) && z >= -6; });
  EXPECT_TRUE(is_elliptical(partial, height, depth, {0, height}, {depth / 2 - 6, depth}));
  const auto reduced = mask(
      [](auto y, auto z) { return std::hypot(static_cast<double>(2 * y) / height, static_cast<double>(z) / 8) <= 1; });
  EXPECT_TRUE(is_elliptical(reduced, height, depth, {0, height}, {depth / 2 - 8, depth / 2 + 8}));
}

}  // namespace
}  // namespace mriembed::io
