#include "mriembed/distances.hpp"

#include <gtest/gtest.h>

namespace {

using mriembed::Distances;
using mriembed::typical_of;

Distances measured() {
  Distances distances;
  distances.kinds = {{"same slice", {.01, .02, .03, .04, .05, .06, .07, .08, .0634}, .9},
                     {"neighbouring slice", {.1, .1, .1, .1, .1, .1, .1, .1, .25}, .3},
                     {"another body", {.3, .4, .5, .6, .7, .8, .8, .9, 1.25}, 0}};
  return distances;
}

TEST(Distances, are_typical_of_the_first_kind_of_which_nine_in_ten_are_as_near) {
  EXPECT_EQ(typical_of(measured(), 0), "same slice (90 % lie below 0.063)");
  EXPECT_EQ(typical_of(measured(), 0.0634), "same slice (90 % lie below 0.063)");
  EXPECT_EQ(typical_of(measured(), 0.0635), "neighbouring slice (90 % lie below 0.25)");
  EXPECT_EQ(typical_of(measured(), 0.9), "another body (90 % lie below 1.2)");
}

TEST(Distances, beyond_all_kinds_are_said_to_be_so) {
  EXPECT_EQ(typical_of(measured(), 1.5), "another body (10 % lie above 1.2)");
}

TEST(Distances, that_nobody_measured_are_typical_of_nothing) { EXPECT_EQ(typical_of(Distances{}, 0.1), ""); }

}  // namespace
