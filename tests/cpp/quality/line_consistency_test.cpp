#include "quality/line_consistency.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <cstdint>

#include "noisy_scan.hpp"

namespace mriembed {
namespace {

// Of 256 lines, a part is compared.
TEST(LineConsistency, measures_the_phase_between_odd_and_even_lines) {
  for (const std::int64_t size : {64, 256}) {
    Scan scan = harmonic_scan(size);
    EXPECT_TRUE(figures_of(scan).slices[0].lines_are_judged) << size;
    EXPECT_TRUE(figures_of(scan).slices[0].ghost_is_judged) << size;
    EXPECT_NEAR(figures_of(scan).slices[0].ghost_phase, 0, 1e-2) << size;
    for (std::int64_t coil = 0; coil < 4; ++coil) {
      for (std::int64_t y = 1; y < size; y += 2) {
        for (std::int64_t x = 0; x < size; ++x) {
          scan.at(coil, y, x) *= std::polar(1.0F, 0.3F);
        }
      }
    }
    EXPECT_NEAR(std::abs(figures_of(scan).slices[0].ghost_phase), 0.3, 1e-2) << size;
  }
}

// Too weak to stand out by its power.
TEST(LineConsistency, finds_a_small_spike_by_what_the_lines_beside_it_do_not_explain) {
  Scan scan = harmonic_scan();
  const SliceQuality before = figures_of(scan).slices[0];
  for (std::int64_t coil = 0; coil < 4; ++coil) {
    scan.at(coil, 38, 40) += std::polar(std::abs(scan.at(coil, 38, 40)), static_cast<float>(coil));
  }
  const SliceQuality slice = figures_of(scan).slices[0];
  EXPECT_LT(before.residual_spike.level, 100);
  EXPECT_GT(slice.residual_spike.level, 200);
  EXPECT_EQ(slice.residual_spike.y, 38);
  EXPECT_EQ(slice.residual_spike.x, 40);
  EXPECT_LT(slice.spike.level, 40);
}

// As an object that wraps around, of which the coils see too little that differs: here by noise.
TEST(LineConsistency, judges_no_ghost_where_lines_do_not_follow_from_their_neighbours) {
  Scan scan = harmonic_scan();
  const Scan noise = noisy_scan({0.4, 0.4, 0.4, 0.4}, 64, 64, 3);
  for (std::size_t sample = 0; sample < noise.samples.size(); ++sample) {
    scan.samples[sample] += std::abs(noise.samples[sample]) < 10 ? noise.samples[sample] : 0;
  }
  for (std::int64_t coil = 0; coil < 4; ++coil) {
    for (std::int64_t y = 1; y < 64; y += 2) {
      for (std::int64_t x = 0; x < 64; ++x) {
        scan.at(coil, y, x) *= std::polar(1.0F, 0.3F);
      }
    }
    scan.at(coil, 38, 40) += std::polar(40.0F, static_cast<float>(coil));
  }
  const SliceQuality slice = figures_of(scan).slices[0];
  EXPECT_TRUE(slice.lines_are_judged);
  EXPECT_FALSE(slice.ghost_is_judged);
  EXPECT_EQ(slice.ghost_phase, 0);
  EXPECT_GT(slice.residual_spike.level, 200);
  EXPECT_EQ(slice.residual_spike.y, 38);
}

// A peak of a grating is as strong in its neighbours, which predict it to a hundredth; a little is left.
TEST(LineConsistency, finds_no_spike_where_the_lines_beside_it_explain_most_of_it) {
  Scan scan = harmonic_scan();
  for (std::int64_t coil = 0; coil < 4; ++coil) {
    scan.at(coil, 40 - coil, 44) += 1000;
  }
  const Spike spike = figures_of(scan).slices[0].residual_spike;
  EXPECT_LT(spike.level, 200) << spike.y << ", " << spike.x;
}

TEST(LineConsistency, does_not_judge_lines_of_few_coils_or_few_lines) {
  EXPECT_FALSE(figures_of(noisy_scan({1, 1, 1}, 64, 64)).slices[0].lines_are_judged);
  EXPECT_FALSE(figures_of(noisy_scan({1, 1, 1, 1}, 40, 64)).slices[0].lines_are_judged) << "20 lines around the centre";
  EXPECT_FALSE(figures_of(noisy_scan({1, 1, 1, 1}, 40, 64)).slices[0].ghost_is_judged) << "20 lines around the centre";
}

TEST(LineConsistency, finds_neither_ghost_nor_motion_in_noise_alone) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    const SliceQuality slice = figures_of(noisy_scan({1, 1, 2, 1, 1}, 48, 64, seed)).slices[0];
    EXPECT_FALSE(slice.lines_are_judged) << seed;
    EXPECT_FALSE(slice.ghost_is_judged) << seed;
    EXPECT_EQ(slice.ghost_phase, 0) << seed;
    EXPECT_EQ(slice.motion_level, 0) << seed;
  }
}

}  // namespace
}  // namespace mriembed
