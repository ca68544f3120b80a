#include "mriembed/array_view.hpp"

#include <gtest/gtest.h>

namespace {

using mriembed::ArrayView;

TEST(ArrayView, row_major_has_the_last_axis_fastest) {
  float data = 0;
  const auto view = ArrayView<float, 4>::row_major(&data, {2, 3, 5, 7});
  EXPECT_EQ(view.shape, (std::array<std::int64_t, 4>{2, 3, 5, 7}));
  EXPECT_EQ(view.strides, (std::array<std::int64_t, 4>{105, 35, 7, 1}));
}

TEST(ArrayView, column_major_lists_the_axes_of_a_first_axis_fastest_array_in_reverse) {
  float data = 0;
  // (x, y, coils, slices) as BART and Gadgetron lay it out
  const auto view = ArrayView<float, 4>::column_major(&data, {7, 5, 3, 2});
  EXPECT_EQ(view.shape, (std::array<std::int64_t, 4>{2, 3, 5, 7}));
  EXPECT_EQ(view.strides, (std::array<std::int64_t, 4>{105, 35, 7, 1}));
}

}  // namespace
