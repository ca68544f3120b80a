#include "quality/sudden_motion.hpp"

#include <gtest/gtest.h>

#include <complex>
#include <cstdint>
#include <numbers>
#include <random>
#include <vector>

#include "kernels/predicted_line.hpp"
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

constexpr std::int64_t lines = 40;
constexpr std::int64_t width = 64;
constexpr std::int64_t coils = 4;

// Lines of noise that their predictions explain to 1 %, k_x = 0 in front: (coils, lines, k).
struct PredictedLines {
  std::vector<Sample> measured;
  std::vector<Sample> from_before;
  std::vector<Sample> from_after;

  [[nodiscard]] quality::SuddenMotion motion(std::int64_t centre) const {
    quality::SuddenMotionCheck check;
    return check.of({measured.data(), from_before.data(), from_after.data(), coils, lines * width, width}, width, lines,
                    centre);
  }
};

// What line `moved_after` predicts of itself from the line before it, and `moved_before` from the one after it, is off
// by a shift of `pixels` along x, by a phase and by a factor; -1: none.
PredictedLines predicted_lines(std::int64_t moved_after, std::int64_t moved_before, double pixels, double phase,
                               float factor = 1) {
  std::mt19937 generator(11);
  std::normal_distribution<float> normal;
  const auto random = [&](float size) {
    const float real = normal(generator);
    return size * Sample(real, normal(generator));
  };
  PredictedLines made;
  for (std::int64_t place = 0; place < coils * lines * width; ++place) {
    const std::int64_t line = place / width % lines;
    const std::int64_t k = (place % width + width / 2) % width - width / 2;
    const double turn = -2 * std::numbers::pi * pixels * static_cast<double>(k) / width + phase;
    const Sample moved = factor * static_cast<Sample>(std::polar(1.0, turn));
    const Sample before = random(1);
    const Sample after = random(1);
    made.from_before.push_back(before);
    made.from_after.push_back(after);
    made.measured.push_back(before * (line == moved_after ? moved : 1) +
                            after * (line == moved_before ? std::conj(moved) : 1) + random(0.1F));
  }
  return made;
}

TEST(SuddenMotion, is_in_both_lines) {
  const quality::SuddenMotion motion = predicted_lines(12, 11, 2, 0.5).motion(20);
  EXPECT_GT(motion.level, 10);
  EXPECT_EQ(motion.line, 12);
  EXPECT_LT(predicted_lines(12, -1, 2, 0.5).motion(20).level, 1);
  EXPECT_LT(predicted_lines(-1, 11, 2, 0.5).motion(20).level, 1);
}

// A shift along y by up to a sixteenth of the field of view turns line k_y by up to pi k_y / 8.
TEST(SuddenMotion, has_the_phase_of_a_shift_along_y) {
  const PredictedLines of_phase = predicted_lines(12, 11, 0, 1.9);  // up to 3 pi / 8 three lines from the centre
  EXPECT_GT(of_phase.motion(20).level, 5);
  EXPECT_LT(of_phase.motion(9).level, 0.9 * of_phase.motion(20).level);
  const PredictedLines of_shift = predicted_lines(12, 11, 2, 0.3);
  EXPECT_NEAR(of_shift.motion(9).level, of_shift.motion(20).level, 0.01);
}

TEST(SuddenMotion, counts_in_full_at_the_centre_of_k_space) {
  const PredictedLines moved = predicted_lines(12, 11, 2, 0.3);
  for (const std::int64_t centre : {10, 12, 14}) {
    EXPECT_NEAR(moved.motion(centre).level, moved.motion(20).level, 0.02) << centre;
    EXPECT_EQ(moved.motion(centre).line, 12) << centre;
  }
}

// At the centre of k-space, a phase without a shift along x, or lines of another magnitude, are seldom a motion.
TEST(SuddenMotion, counts_half_at_the_centre_of_k_space_if_a_phase_or_a_factor_explains_it) {
  for (const PredictedLines& made : {predicted_lines(12, 11, 0, 0.3), predicted_lines(12, 11, 1.2, 0.1, 0.4F)}) {
    const double elsewhere = made.motion(20).level;
    EXPECT_GT(elsewhere, 1);
    for (const std::int64_t centre : {10, 12, 14}) {
      EXPECT_NEAR(made.motion(centre).level, 0.5 * elsewhere, 0.02) << centre;
    }
    EXPECT_NEAR(made.motion(9).level, elsewhere, 0.02);
  }
}

}  // namespace
}  // namespace mriembed
