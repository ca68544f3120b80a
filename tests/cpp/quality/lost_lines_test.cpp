#include "quality/lost_lines.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

namespace mriembed::quality {
namespace {

std::vector<bool> measured_but(const std::vector<std::size_t>& missing) {
  std::vector<bool> lines(64, true);
  for (const std::size_t line : missing) {
    lines[line] = false;
  }
  return lines;
}

TEST(LostLinesTest, are_gaps_among_lines_that_were_nearly_all_measured) {
  EXPECT_EQ(lost_lines(measured_but({})), 0);
  EXPECT_EQ(lost_lines(measured_but({40})), 1);
  EXPECT_EQ(lost_lines(measured_but({3, 4, 5, 40, 41, 60})), 6);
}

TEST(LostLinesTest, are_none_of_partial_fourier_or_undersampling) {
  std::vector<bool> partial(64, true);
  std::fill(partial.begin(), partial.begin() + 24, false);
  EXPECT_EQ(lost_lines(partial), 0);
  partial[40] = false;
  EXPECT_EQ(lost_lines(partial), 1) << "of 40 lines";
  std::vector<bool> accelerated(64, false);
  for (std::size_t line = 0; line < 64; ++line) {
    accelerated[line] = line % 2 == 0 || (line >= 12 && line < 52);
  }
  EXPECT_EQ(lost_lines(accelerated), 0);
  EXPECT_EQ(lost_lines(std::vector<bool>(64, false)), 0);
}

}  // namespace
}  // namespace mriembed::quality
