#include "measured_places.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace mriembed::io {
namespace {

MeasuredPlaces measured(const std::vector<std::int64_t>& inside) {
  MeasuredPlaces places;
  for (const std::int64_t place : inside) {
    places.add(place, true);
  }
  return places;
}

TEST(MeasuredPlaces, are_those_that_were_added) {
  EXPECT_TRUE(MeasuredPlaces().empty());
  const MeasuredPlaces places = measured({1, 3, 3});
  EXPECT_FALSE(places.empty());
  EXPECT_TRUE(places.contains(3));
  EXPECT_FALSE(places.contains(2));
  EXPECT_EQ(places.among(5), (std::vector<bool>{false, true, false, true, false}));
}

TEST(MeasuredPlaces, were_measured_as_often_as_the_one_measured_least) {
  const MeasuredPlaces places = measured({0, 0, 1, 0, 1});
  EXPECT_TRUE(places.each_as_often_as(2));
  EXPECT_FALSE(places.each_as_often_as(3));
}

TEST(MeasuredPlaces, are_whole_once_all_inside_the_limits_were_measured_as_often_as_asked) {
  EXPECT_FALSE(measured({0, 1}).is_whole(3, 1, false));
  EXPECT_TRUE(measured({2, 0, 1}).is_whole(3, 1, false));
  EXPECT_FALSE(measured({2, 0, 1}).is_whole(3, 2, false));
  EXPECT_TRUE(measured({0, 0, 1, 1, 2, 2}).is_whole(3, 2, false));
  MeasuredPlaces outside = measured({0, 1});
  outside.add(7, false);
  EXPECT_FALSE(outside.is_whole(3, 1, false));
  EXPECT_TRUE(outside.is_whole(2, 1, false));
}

TEST(MeasuredPlaces, are_not_whole_while_some_were_measured_more_often_than_the_others) {
  EXPECT_FALSE(measured({0, 1, 2, 0}).is_whole(3, 1, false));
  EXPECT_TRUE(measured({0, 1, 2, 0, 1, 2}).is_whole(3, 1, false));
}

TEST(MeasuredPlaces, are_whole_at_the_flagged_line_where_less_than_half_were_measured_more_often) {
  EXPECT_TRUE(measured({0, 1, 2, 0}).is_whole(3, 1, true));
  EXPECT_FALSE(measured({0, 1, 2, 0, 1}).is_whole(3, 1, true));
  EXPECT_FALSE(measured({0, 1, 2, 3, 0, 1}).is_whole(4, 1, true));  // half of them
}

}  // namespace
}  // namespace mriembed::io
