#include "separate_lines.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <vector>

namespace mriembed::io {
namespace {

HeldLine line_of(std::uint16_t slice, std::uint16_t repetition, std::size_t index) {
  Acquisition line;
  line.slice = slice;
  line.repetition = repetition;
  const std::vector<std::complex<float>> samples{std::complex<float>(static_cast<float>(index), 1)};
  return hold(line, index, samples);
}

VolumeKey volume_of(std::uint16_t slice, std::uint16_t repetition) { return {slice, 0, 0, repetition, 0}; }

std::vector<std::size_t> indices_of(std::span<const HeldLine> lines) {
  std::vector<std::size_t> indices;
  std::ranges::transform(lines, std::back_inserter(indices), [](const HeldLine& line) { return line->index; });
  return indices;
}

using Indices = std::vector<std::size_t>;

TEST(SeparateLines, keep_the_samples_of_a_line) {
  const HeldLine line = line_of(1, 2, 3);
  EXPECT_EQ(line->line.slice, 1);
  EXPECT_EQ(line->samples, (std::vector<std::complex<float>>{{3, 1}}));
}

TEST(SeparateLines, go_to_the_volume_with_their_counters) {
  SeparateLines separate;
  separate.add_calibration(line_of(0, 0, 4), 10);
  separate.add_calibration(line_of(0, 1, 7), 10);
  separate.add_calibration(line_of(1, 0, 9), 10);
  EXPECT_EQ(indices_of(separate.calibration_of(volume_of(0, 1))), Indices{7});
  EXPECT_EQ(indices_of(separate.own_calibration_of(volume_of(0, 1))), Indices{7});
  EXPECT_TRUE(separate.have_calibration_of(1));
  EXPECT_FALSE(separate.have_calibration_of(2));
  EXPECT_TRUE(separate.calibration_of(volume_of(2, 0)).empty());
}

TEST(SeparateLines, that_were_measured_once_go_to_every_repetition_of_their_slice_in_the_order_of_their_measurement) {
  SeparateLines separate;
  separate.add_calibration(line_of(0, 0, 4), 12);
  separate.add_calibration(line_of(0, 0, 5), 10);
  separate.add_calibration(line_of(0, 0, 6), 12);  // the place was measured before
  EXPECT_EQ(indices_of(separate.own_calibration_of(volume_of(0, 0))), (Indices{4, 5, 6}));
  separate.forget(volume_of(0, 0));
  EXPECT_TRUE(separate.own_calibration_of(volume_of(0, 0)).empty());
  EXPECT_EQ(indices_of(separate.calibration_of(volume_of(0, 3))), (Indices{4, 5}));
  EXPECT_TRUE(separate.own_calibration_of(volume_of(0, 3)).empty());
}

TEST(SeparateLines, navigators_of_the_first_volume_go_to_those_of_its_slice_without_any) {
  SeparateLines separate;
  separate.add_navigator(line_of(0, 0, 1));
  separate.add_navigator(line_of(0, 0, 2));
  separate.add_navigator(line_of(0, 1, 8));
  EXPECT_EQ(indices_of(separate.navigators_of(volume_of(0, 1))), Indices{8});
  separate.forget(volume_of(0, 0));
  separate.forget(volume_of(0, 1));
  EXPECT_EQ(indices_of(separate.navigators_of(volume_of(0, 1))), (Indices{1, 2}));
  EXPECT_EQ(indices_of(separate.navigators_of(volume_of(0, 2))), (Indices{1, 2}));
  EXPECT_TRUE(separate.navigators_of(volume_of(1, 0)).empty());
}

}  // namespace
}  // namespace mriembed::io
