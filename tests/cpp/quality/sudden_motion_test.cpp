#include "quality/sudden_motion.hpp"

#include <gtest/gtest.h>

#include <complex>
#include <cstdint>
#include <numbers>

#include "noisy_scan.hpp"

namespace mriembed {
namespace {

// A shift by (y, x) pixels turns the sample at (k_y, k_x) from the centre by -2 pi (y k_y + x k_x) / n.
TEST(SuddenMotion, finds_the_first_line_after_a_motion) {
  for (const std::int64_t size : {64, 256}) {
    Scan scan = harmonic_scan(size);
    EXPECT_LT(figures_of(scan).slices[0].motion_level, 1.5) << size;
    const std::int64_t centre = size / 2;
    const std::int64_t first = centre + 5;
    for (std::int64_t coil = 0; coil < 4; ++coil) {
      for (std::int64_t y = first; y < size; ++y) {
        for (std::int64_t x = 0; x < size; ++x) {
          const auto shifts = static_cast<float>(3 * (y - centre) + 2 * (x - centre));
          const float cycles = shifts / static_cast<float>(size);
          scan.at(coil, y, x) *= std::polar(1.0F, -2 * std::numbers::pi_v<float> * cycles);
        }
      }
    }
    const SliceQuality slice = figures_of(scan).slices[0];
    EXPECT_GT(slice.motion_level, 2.5) << size;
    EXPECT_EQ(slice.motion_line, first) << size;
  }
}

}  // namespace
}  // namespace mriembed
