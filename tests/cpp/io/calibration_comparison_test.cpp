#include "calibration_comparison.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace mriembed::io {
namespace {

using Samples = std::vector<std::complex<float>>;

// Of lines of 8 samples of the image and `length` of the calibration.
CalibrationComparison compared(const Samples& calibration, const Samples& image, std::int64_t length = 8) {
  CalibrationComparison comparison(length, 8);
  comparison.add(calibration, image);
  return comparison;
}

Samples times(const Samples& samples, std::complex<float> factor) {
  Samples result = samples;
  for (std::complex<float>& sample : result) {
    sample *= factor;
  }
  return result;
}

const Samples image{{1, 2}, {-3, 1}, {0, 4}};

TEST(CalibrationComparison, finds_lines_alike_that_differ_by_noise_or_were_not_compared) {
  EXPECT_TRUE(compared(image, image).alike(true));
  EXPECT_TRUE(compared({{1.1F, 2}, {-3, 1.2F}, {0.1F, 4}}, image).alike(true));
  EXPECT_TRUE(CalibrationComparison(8, 8).alike(true));
  EXPECT_TRUE(compared(Samples(3), image).alike(true));
}

TEST(CalibrationComparison, finds_another_power_phase_or_contrast) {
  EXPECT_FALSE(compared(times(image, 3), image).alike(true));
  EXPECT_FALSE(compared(times(image, 0.7F), image).alike(true));
  EXPECT_FALSE(compared(times(image, {0.5F, 0.866F}), image).alike(true));
  EXPECT_FALSE(compared({{1, -2}, {-3, 1}, {0, 4}}, image).alike(true));
  EXPECT_FALSE(compared({{0.8F, 0}, {0.4F, 0}}, {{1, 0}, {0, 0}}).alike(true));  // by the coherence alone
  EXPECT_EQ(compared(times(image, 3), image).text(),
            "3 times the signal of the image, and a coherence of 1.00 with it");
}

TEST(CalibrationComparison, looks_at_the_power_alone_where_phases_say_nothing) {
  EXPECT_TRUE(compared(times(image, {0, 1}), image).alike(false));
  EXPECT_FALSE(compared(times(image, {0, 3}), image).alike(false));
}

TEST(CalibrationComparison, finds_shorter_readouts) {
  EXPECT_TRUE(compared(image, image, 6).alike(true));
  EXPECT_FALSE(compared(image, image, 5).alike(true));
  EXPECT_FALSE(compared(image, image, 5).alike(false));
  EXPECT_EQ(compared(image, image, 5).text(), "5 samples, where imaging lines have 8");
}

}  // namespace
}  // namespace mriembed::io
