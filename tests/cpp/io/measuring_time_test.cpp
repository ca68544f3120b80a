#include "measuring_time.hpp"

#include <gtest/gtest.h>

#include <initializer_list>

namespace mriembed::io {
namespace {

bool is_train(std::initializer_list<std::uint32_t> ticks) {
  MeasuringTime time;
  for (const std::uint32_t tick : ticks) {
    time.add(tick);
  }
  return time.is_of_a_train();
}

TEST(MeasuringTime, is_that_of_a_train_if_lines_follow_each_other_within_2_ms_in_whatever_order) {
  EXPECT_TRUE(is_train({100, 100, 101, 101, 102}));  // 1.25 ms apart
  EXPECT_TRUE(is_train({102, 100, 101, 101, 100}));
  EXPECT_FALSE(is_train({100, 101, 102, 103, 104}));  // 2.5 ms
  EXPECT_FALSE(is_train({100, 140, 180, 220, 260}));  // 100 ms
  EXPECT_TRUE(is_train({4294967290U, 4294967291U, 4294967291U}));
}

TEST(MeasuringTime, is_unknown_where_all_time_stamps_are_alike) {
  EXPECT_FALSE(is_train({}));
  EXPECT_FALSE(is_train({0, 0, 0, 0}));
  EXPECT_FALSE(is_train({7}));
}

}  // namespace
}  // namespace mriembed::io
