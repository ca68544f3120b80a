#include "separate_calibration.hpp"

#include <gtest/gtest.h>

namespace mriembed::io {
namespace {

using Samples = std::vector<std::complex<float>>;

// Two coils, four lines of three samples: line 1 is an ACS line, lines 0 and 2 are imaging lines, and line 2 was
// measured for calibration, too, of which the first sample is missing.
constexpr std::int64_t coils = 2;
constexpr std::int64_t lines = 4;
constexpr std::int64_t width = 3;

SeparateCalibration measured() {
  SeparateCalibration calibration(coils, lines, width);
  calibration.add(0, {0, 3, 0}, false, true);
  calibration.add(1, {0, 3, 0}, true, true);
  calibration.add(2, {0, 3, 0}, false, true);
  calibration.add_repeated({2, {0, 2, 1}, {10, 20, 30, 40}});
  return calibration;
}

Samples numbered() {
  Samples samples;
  for (int sample = 0; sample < coils * lines * width; ++sample) {
    samples.emplace_back(static_cast<float>(sample));
  }
  return samples;
}

TEST(SeparateCalibration, tells_acs_lines_from_imaging_lines) {
  const SeparateCalibration calibration = measured();
  EXPECT_TRUE(calibration.any());
  EXPECT_EQ(calibration.lines(), (std::vector<bool>{false, true, true, false}));
  EXPECT_EQ(calibration.imaging({true, true, true, false}), (std::vector<bool>{true, false, true, false}));
}

TEST(SeparateCalibration, forgets_an_acs_line_in_whose_place_an_imaging_line_comes) {
  SeparateCalibration calibration = measured();
  calibration.add(1, {0, 3, 0}, true, false);
  EXPECT_TRUE(calibration.any());
  calibration.add(1, {0, 3, 0}, false, true);
  EXPECT_FALSE(calibration.any());
}

TEST(SeparateCalibration, takes_acs_lines_out_of_the_image) {
  Samples samples = numbered();
  const Samples calibration = measured().taken_out(samples);
  for (std::int64_t coil = 0; coil < coils; ++coil) {
    for (std::int64_t line = 0; line < lines; ++line) {
      for (std::int64_t x = 0; x < width; ++x) {
        const auto index = static_cast<std::size_t>((coil * lines + line) * width + x);
        const auto number = static_cast<float>(index);
        EXPECT_EQ(samples[index], line == 1 ? 0.0F : number);
        const float repeated = x == 0 ? 0.0F : static_cast<float>(10 * (2 * coil + x));
        const std::vector<float> expected{0, number, repeated, 0};
        EXPECT_EQ(calibration[index], expected[static_cast<std::size_t>(line)]);
      }
    }
  }
}

TEST(SeparateCalibration, compares_lines_of_one_place) {
  Samples samples = numbered();
  samples[7] = 10;
  samples[8] = 20;
  samples[19] = 30;
  samples[20] = 40;
  EXPECT_TRUE(measured().compared(samples).alike(true));
  samples[20] = 400;
  EXPECT_FALSE(measured().compared(samples).alike(true));
}

}  // namespace
}  // namespace mriembed::io
