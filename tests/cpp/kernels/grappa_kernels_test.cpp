#include "kernels/grappa_kernels.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <cstddef>
#include <numbers>
#include <vector>

#include "every_target.hpp"
#include "random_samples.hpp"

namespace mriembed::kernels {
namespace {

using Sample = std::complex<float>;

class GrappaKernelsTest : public EveryTarget {};

constexpr std::int64_t coils = 2;
constexpr std::int64_t width = 40;

// Planes of lines of two coils, of which the second one holds the next line of the first (SMASH, Sodickson and Manning
// 1997, doi:10.1002/mrm.1910380414), turned by one harmonic along x: (coil, plane, line, x).
struct Planes {
  std::int64_t planes;
  std::int64_t lines;
  std::vector<Sample> samples;

  [[nodiscard]] std::int64_t coil_stride() const { return planes * lines * width; }
  [[nodiscard]] Sample* line(std::int64_t plane, std::int64_t number) {
    return samples.data() + (plane * lines + number) * width;
  }
};

Planes harmonic_planes(std::int64_t planes, std::int64_t lines) {
  Planes made{planes, lines, std::vector<Sample>(static_cast<std::size_t>(coils * planes * lines * width))};
  const std::vector<Sample> object = random_samples(planes * (lines + 1) * width, 1);
  for (std::int64_t plane = 0; plane < planes; ++plane) {
    for (std::int64_t line = 0; line < lines; ++line) {
      for (std::int64_t x = 0; x < width; ++x) {
        const double angle = 2 * std::numbers::pi * static_cast<double>(x) / static_cast<double>(width);
        const auto at = static_cast<std::size_t>((plane * (lines + 1) + line) * width + x);
        made.line(plane, line)[x] = object[at];
        made.line(plane, line)[made.coil_stride() + x] = static_cast<Sample>(
            std::complex<double>(object[at + static_cast<std::size_t>(width)]) * std::polar(1.0, angle));
      }
    }
  }
  return made;
}

TEST_P(GrappaKernelsTest, of_several_short_runs_fill_another_plane) {
  Planes calibration = harmonic_planes(6, 4);
  std::vector<CalibrationRun> runs(6);
  for (std::int64_t plane = 0; plane < calibration.planes; ++plane) {
    for (std::int64_t line = 0; line < calibration.lines; ++line) {
      runs[static_cast<std::size_t>(plane)].push_back(calibration.line(plane, line));
    }
  }
  const threads::Executor executor(1, nullptr);
  GrappaKernels kernels(1e-9);
  kernels.calibrate(runs, std::array<std::int64_t, 1>{2}, coils, calibration.coil_stride(), width, executor);
  ASSERT_TRUE(kernels.knows(2));
  EXPECT_FALSE(kernels.knows(3));

  Planes given = harmonic_planes(1, 5);
  const Planes whole = given;
  std::vector<Gap> gaps;
  for (const std::int64_t missing : {1, 3}) {
    for (std::int64_t coil = 0; coil < coils; ++coil) {
      std::fill_n(given.line(0, missing) + coil * given.coil_stride(), width, Sample(0));
    }
    const std::array<Sample*, 1> between{given.line(0, missing)};
    add_gap(gaps, 2, given.line(0, missing - 1), given.line(0, missing + 1), between);
  }
  ASSERT_EQ(gaps.size(), 1U) << "one size of gap";
  EXPECT_EQ(kernels.fill(gaps, given.coil_stride(), executor), 2);
  for (std::size_t place = 0; place < whole.samples.size(); ++place) {
    ASSERT_LT(std::abs(given.samples[place] - whole.samples[place]), 1e-4) << place;
  }
}

// Lines 3, 7 and 11 follow no rule, and no position of every fourth one from 0 on touches them.
TEST_P(GrappaKernelsTest, follow_from_the_positions_that_count_alone) {
  Planes calibration = harmonic_planes(1, 15);
  const std::vector<Sample> noise = random_samples(width, 1, 99);
  CalibrationRun run;
  for (std::int64_t line = 0; line < calibration.lines; ++line) {
    if (line % 4 == 3) {
      std::ranges::copy(noise, calibration.line(0, line));
    }
    run.push_back(calibration.line(0, line));
  }
  const threads::Executor executor(1, nullptr);
  GrappaKernels kernels(1e-9);
  kernels.calibrate({&run, 1}, std::array<std::int64_t, 1>{2}, coils, calibration.coil_stride(), width, executor,
                    {.first = 0, .step = 4});
  Planes given = harmonic_planes(1, 3);
  const Planes whole = given;
  std::vector<Gap> gaps;
  add_gap(gaps, 2, given.line(0, 0), given.line(0, 2), std::array<Sample*, 1>{given.line(0, 1)});
  EXPECT_EQ(kernels.fill(gaps, given.coil_stride(), executor), 1);
  for (std::size_t place = 0; place < whole.samples.size(); ++place) {
    ASSERT_LT(std::abs(given.samples[place] - whole.samples[place]), 1e-4) << place;
  }
}

TEST_P(GrappaKernelsTest, of_two_calibrations_together_are_those_of_all_positions) {
  Planes calibration = harmonic_planes(1, 12);
  const std::vector<Sample> noise = random_samples(coils * 12 * width, 0.2F, 98);  // so that positions disagree
  CalibrationRun run;
  for (std::int64_t line = 0; line < calibration.lines; ++line) {
    run.push_back(calibration.line(0, line));
  }
  for (std::size_t place = 0; place < noise.size(); ++place) {
    calibration.samples[place] += noise[place];
  }
  const threads::Executor executor(1, nullptr);
  const auto filled = [&](GrappaKernels& kernels) {
    Planes given = harmonic_planes(1, 3);
    std::vector<Gap> gaps;
    add_gap(gaps, 2, given.line(0, 0), given.line(0, 2), std::array<Sample*, 1>{given.line(0, 1)});
    EXPECT_EQ(kernels.fill(gaps, given.coil_stride(), executor), 1);
    return given.samples;
  };
  const auto calibrated = [&](Positions positions) {
    GrappaKernels kernels;
    kernels.calibrate({&run, 1}, std::array<std::int64_t, 1>{2}, coils, calibration.coil_stride(), width, executor,
                      positions);
    return kernels;
  };
  GrappaKernels all = calibrated({});
  GrappaKernels even = calibrated({.first = 0, .step = 2});
  const GrappaKernels odd = calibrated({.first = 1, .step = 2});
  GrappaKernels both;
  both.calibrate_by_both(even, odd);
  const std::vector<Sample> expected = filled(all);
  const std::vector<Sample> found = filled(both);
  const std::vector<Sample> of_even = filled(even);
  float most = 0;
  for (std::size_t place = 0; place < expected.size(); ++place) {
    ASSERT_LT(std::abs(found[place] - expected[place]), 1e-5) << place;
    most = std::max(most, std::abs(of_even[place] - expected[place]));
  }
  EXPECT_GT(most, 1e-3);
}

TEST_P(GrappaKernelsTest, take_a_measured_line_that_is_null_as_zero) {
  Planes calibration = harmonic_planes(1, 12);
  CalibrationRun run;
  for (std::int64_t line = 0; line < calibration.lines; ++line) {
    run.push_back(calibration.line(0, line));
  }
  const threads::Executor executor(1, nullptr);
  GrappaKernels kernels;
  kernels.calibrate({&run, 1}, std::array<std::int64_t, 1>{2}, coils, calibration.coil_stride(), width, executor);
  const Planes zero{1, 5, std::vector<Sample>(calibration.samples.size())};
  const auto filled = [&](bool has_before, bool has_after, const Sample* otherwise) {
    Planes given = harmonic_planes(1, 5);
    std::vector<Gap> gaps;
    for (const std::int64_t missing : {1, 3}) {
      add_gap(gaps, 2, has_before ? given.line(0, missing - 1) : otherwise,
              has_after ? given.line(0, missing + 1) : otherwise, std::array<Sample*, 1>{given.line(0, missing)});
    }
    kernels.fill(gaps, given.coil_stride(), executor);
    return given.samples;
  };
  EXPECT_EQ(filled(true, false, nullptr), filled(true, false, zero.samples.data()));
  EXPECT_EQ(filled(false, true, nullptr), filled(false, true, zero.samples.data()));
  EXPECT_NE(filled(false, true, nullptr), filled(true, true, nullptr));
}

TEST_P(GrappaKernelsTest, are_not_found_from_runs_that_are_shorter_than_the_gap) {
  Planes calibration = harmonic_planes(2, 3);
  const std::vector<CalibrationRun> runs{{calibration.line(0, 0), calibration.line(0, 1), calibration.line(0, 2)},
                                         {calibration.line(1, 0), calibration.line(1, 1), calibration.line(1, 2)}};
  GrappaKernels kernels;
  kernels.calibrate(runs, std::array<std::int64_t, 2>{2, 3}, coils, calibration.coil_stride(), width,
                    threads::Executor(1, nullptr));
  EXPECT_TRUE(kernels.knows(2));
  EXPECT_FALSE(kernels.knows(3));
  std::vector<Gap> gaps;
  const Planes before = calibration;
  const std::array<Sample*, 2> between{calibration.line(0, 1), calibration.line(0, 2)};
  add_gap(gaps, 3, calibration.line(0, 0), calibration.line(1, 0), between);
  EXPECT_EQ(kernels.fill(gaps, calibration.coil_stride(), threads::Executor(1, nullptr)), 0);
  EXPECT_EQ(calibration.samples, before.samples);
}

INSTANTIATE_TEST_SUITE_P(Kernels, GrappaKernelsTest, testing::ValuesIn(targets_here()), name_of_target);

}  // namespace
}  // namespace mriembed::kernels
