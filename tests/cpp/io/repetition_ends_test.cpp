#include "repetition_ends.hpp"

#include <gtest/gtest.h>

namespace mriembed::io {
namespace {

constexpr VolumeKey volume(std::uint16_t slice, std::uint16_t repetition) { return {slice, 0, 0, repetition, 0}; }

TEST(RepetitionEnds, name_the_volumes_of_a_repetition_whose_last_line_was_flagged) {
  RepetitionEnds ends;
  EXPECT_TRUE(ends.ended_before(volume(0, 0)).empty());
  ends.add(volume(0, 0), true, false);
  ends.add(volume(1, 0), true, false);
  ends.add(volume(0, 0), false, true);
  EXPECT_EQ(ends.last_volume(), volume(0, 0));
  EXPECT_EQ(ends.ended_before(volume(0, 1)), (std::vector{volume(0, 0), volume(1, 0)}));
  EXPECT_TRUE(ends.ended_before(volume(0, 1)).empty());  // each of them once
}

TEST(RepetitionEnds, take_a_flag_for_none_that_a_line_of_the_same_repetition_follows) {
  RepetitionEnds ends;
  ends.add(volume(0, 0), true, true);
  EXPECT_TRUE(ends.ended_before(volume(1, 0)).empty());
  ends.add(volume(1, 0), true, false);
  EXPECT_TRUE(ends.ended_before(volume(0, 1)).empty());
}

}  // namespace
}  // namespace mriembed::io
