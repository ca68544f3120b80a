#include "cli/nearest_slices.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

namespace {

using mriembed::cli::NearestSlices;

TEST(NearestSlices, are_those_of_the_smallest_angle_whatever_the_length) {
  NearestSlices slices;
  slices.add("a", std::vector<float>{1, 0, 0});
  slices.add("b", std::vector<float>{0, 2, 0});
  slices.add("c", std::vector<float>{3, 4, 0});
  slices.add("d", std::vector<float>{-1, 0, 0});
  const auto nearest = slices.find();
  ASSERT_EQ(nearest.size(), 4U);
  EXPECT_EQ(nearest[0].index, 2U);
  EXPECT_NEAR(nearest[0].distance, 0.4, 1e-6);
  EXPECT_EQ(nearest[1].index, 2U);
  EXPECT_NEAR(nearest[1].distance, 0.2, 1e-6);
  EXPECT_EQ(nearest[2].index, 1U);
  EXPECT_EQ(nearest[3].index, 1U);  // at a right angle; "a" and "c" lie behind
  EXPECT_NEAR(nearest[3].distance, 1, 1e-6);
}

TEST(NearestSlices, the_first_of_equals_counts) {
  NearestSlices slices;
  for (const char* name : {"a", "b", "c"}) {
    slices.add(name, std::vector<float>{1, 1});
  }
  const auto nearest = slices.find();
  EXPECT_EQ(nearest[0].index, 1U);
  EXPECT_EQ(nearest[1].index, 0U);
  EXPECT_EQ(nearest[2].index, 0U);
}

TEST(NearestSlices, no_distance_of_equal_slices_is_negative) {
  for (int length = 1; length <= 64; ++length) {
    NearestSlices slices;
    const std::vector<float> embedding(static_cast<std::size_t>(length), 1);
    slices.add("a", embedding);
    slices.add("b", embedding);
    EXPECT_FALSE(std::signbit(slices.find()[0].distance)) << "length " << length;
    EXPECT_EQ(slices.text().find('-'), std::string::npos) << "length " << length;
  }
}

TEST(NearestSlices, are_shown_by_name) {
  NearestSlices slices;
  slices.add("slice 0", std::vector<float>{1, 0});
  slices.add("slice 1", std::vector<float>{0, 1});
  EXPECT_EQ(slices.text(),
            "slice    nearest other slice  distance\n"
            "slice 0  slice 1                1.0000\n"
            "slice 1  slice 0                1.0000\n");
}

TEST(NearestSlices, say_what_a_distance_is_typical_of_where_the_model_does) {
  mriembed::Distances distances;
  distances.kinds = {{"same slice", {0, 0, 0, 0, 0, 0, 0, 0, 0.061}, 0.9},
                     {"another body", {0, 0, 0, 0, 0, 0, 0, 0, 0.8}, 0}};
  NearestSlices slices(distances);
  slices.add("a", std::vector<float>{1, 0});
  slices.add("b", std::vector<float>{1, 0});
  slices.add("c", std::vector<float>{0, 1});
  EXPECT_EQ(slices.text(),
            "slice  nearest other slice  distance  typical of\n"
            "a      b                      0.0000  same slice (90 % lie below 0.061)\n"
            "b      a                      0.0000  same slice (90 % lie below 0.061)\n"
            "c      a                      1.0000  another body (10 % lie above 0.8)\n");
}

}  // namespace
