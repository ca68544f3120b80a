#include "kernels/hybrid_slice.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace mriembed::kernels {
namespace {

void expect_run(const std::vector<std::uint8_t>& measured, LineRange expected) {
  const LineRange run = longest_run(measured);
  EXPECT_EQ(run.begin, expected.begin);
  EXPECT_EQ(run.end, expected.end);
}

TEST(LongestRun, finds_the_calibration_lines) {
  expect_run({1, 0, 1, 1, 1, 0, 1}, {2, 5});
  expect_run({1, 1, 0, 1, 1}, {0, 2});
  expect_run({0, 1, 0, 1, 1, 1}, {3, 6});
  expect_run({1, 1, 1}, {0, 3});
  expect_run({0, 0}, {0, 0});
  expect_run({}, {0, 0});
}

}  // namespace
}  // namespace mriembed::kernels
