#include "kernels/grappa.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <functional>
#include <numbers>
#include <thread>
#include <vector>

#include "every_target.hpp"
#include "grappa_definition.hpp"

namespace mriembed::kernels {
namespace {

class FillByGrappa : public EveryTarget {};

void expect_definition(std::int64_t coils, std::int64_t lines, std::int64_t width, std::int64_t factor,
                       LineRange calibration, float size = 1) {
  constexpr double regularization = 1e-3;
  SCOPED_TRACE(testing::Message() << coils << " coils, " << width << " columns, every line of " << factor);
  const auto measured = regular(lines, factor, 1, calibration);
  Coils filled = without_missing(with_echo(random_coils(coils, lines, width, size)), measured);
  const Coils given = filled;
  std::vector<std::vector<std::vector<Complex>>> kspace(static_cast<std::size_t>(coils));
  for (std::int64_t coil = 0; coil < coils; ++coil) {
    for (std::int64_t line = 0; line < lines; ++line) {
      kspace[static_cast<std::size_t>(coil)].push_back(spectrum_of(given, coil, line));
    }
  }
  Grappa grappa(regularization);
  const Completion completion = grappa.fill(slice_of(filled), measured, calibration, threads::Executor(1, nullptr));

  std::int64_t expected_lines = 0;
  std::int64_t before = 0;
  for (std::int64_t line = 0; line < lines; ++line) {
    if (measured[static_cast<std::size_t>(line)] != 0) {
      before = line;
      for (std::int64_t coil = 0; coil < coils; ++coil) {
        for (std::int64_t x = 0; x < width; ++x) {
          ASSERT_EQ(filled.value(coil, line, x), given.value(coil, line, x)) << "a measured line";
        }
      }
      continue;
    }
    const auto next = std::find(measured.begin() + line, measured.end(), 1);
    if (line < 1 || next == measured.end()) {
      continue;
    }
    ++expected_lines;
    const auto expected = defined_line(kspace, before, line, next - measured.begin(), calibration, regularization);
    for (std::int64_t coil = 0; coil < coils; ++coil) {
      const auto found = spectrum_of(filled, coil, line);
      const auto& wanted = expected[static_cast<std::size_t>(coil)];
      double error = 0;
      double energy = 0;
      for (std::size_t k = 0; k < wanted.size(); ++k) {
        error += std::norm(found[k] - wanted[k]);
        energy += std::norm(wanted[k]);
      }
      ASSERT_LE(error, 1e-12 * energy) << "line " << line << ", coil " << coil;
    }
  }
  EXPECT_EQ(completion.filled, expected_lines);
  EXPECT_EQ(completion.left, std::ranges::count(measured, 0) - expected_lines);
}

TEST_P(FillByGrappa, agrees_with_the_definition_in_kspace_for_every_acceleration) {
  for (std::int64_t factor = 2; factor <= Grappa::most_gap; ++factor) {
    expect_definition(2, 32, 20, factor, {8, 26});
  }
}

TEST_P(FillByGrappa, agrees_with_the_definition_for_every_number_of_coils) {
  for (std::int64_t coils = 1; coils <= 6; ++coils) {
    expect_definition(coils, 16, 17, 2, {4, 12});
  }
}

TEST_P(FillByGrappa, agrees_with_the_definition_for_every_width) {
  for (const std::int64_t width : {3, 5, 8, 15, 16, 17, 31, 32, 33, 49, 64, 70}) {
    expect_definition(3, 16, width, 3, {4, 13});
  }
}

TEST_P(FillByGrappa, keeps_its_relative_precision_for_large_and_small_samples) {
  expect_definition(3, 16, 20, 2, {4, 12}, 1e12F);
  expect_definition(3, 16, 20, 2, {4, 12}, 1e-12F);
}

// Coils whose sensitivities are harmonics of the field of view shift k-space by whole samples (SMASH, Sodickson and
// Manning 1997, doi:10.1002/mrm.1910380414): each missing line of a coil is then a measured line of another one, and
// GRAPPA is exact. Shifts along kx are multiplications by a harmonic in x.
TEST_P(FillByGrappa, is_exact_for_coils_that_are_harmonics) {
  for (std::int64_t factor = 2; factor <= Grappa::most_gap; ++factor) {
    const std::int64_t lines = 64;
    const std::int64_t width = 40;
    const Coils object = random_coils(1, lines, width);
    Coils full = random_coils(factor, lines, width);
    for (std::int64_t coil = 0; coil < factor; ++coil) {
      for (std::int64_t line = 0; line < lines; ++line) {
        for (std::int64_t x = 0; x < width; ++x) {
          const double angle = 2 * std::numbers::pi * static_cast<double>(coil % 3 * x) / static_cast<double>(width);
          full.at(coil, line, x) =
              static_cast<Sample>(object.value(0, (line + coil) % lines, x) * std::polar(1.0, angle));
        }
      }
    }
    const LineRange calibration{20, 44};
    const auto measured = regular(lines, factor, 0, calibration);
    Coils filled = without_missing(full, measured);
    Grappa grappa(1e-9);
    const Completion completion = grappa.fill(slice_of(filled), measured, calibration, threads::Executor(1, nullptr));
    EXPECT_EQ(completion.left, (lines - 1) % factor) << "lines after the last measured one";
    if (factor <= 3) {  // a weight of 1 for each line of each coil; a sample is in 5 taps of 2 gaps
      EXPECT_NEAR(grappa.most_gain(), 10.0 * static_cast<double>(factor * (factor - 1)), 0.01);
    }
    for (std::int64_t coil = 0; coil < factor; ++coil) {
      for (std::int64_t line = 0; line < lines - completion.left; ++line) {
        for (std::int64_t x = 0; x < width; ++x) {
          ASSERT_LT(std::abs(filled.value(coil, line, x) - full.value(coil, line, x)), 1e-4)
              << "every line of " << factor << ", coil " << coil << ", line " << line << ", x " << x;
        }
      }
    }
  }
}

TEST_P(FillByGrappa, fills_the_borders_of_calibration_lines_that_are_off_the_regular_ones) {
  Coils coils = random_coils(3, 40, 16);
  const LineRange calibration{13, 27};
  const auto measured = regular(40, 4, 0, calibration);  // 12 and 13 are neighbours; 26 and 28 are not
  const Coils given = without_missing(coils, measured);
  coils = given;
  Grappa grappa;
  const Completion completion = grappa.fill(slice_of(coils), measured, calibration, threads::Executor(1, nullptr));
  EXPECT_EQ(completion.left, 3);  // after line 36
  EXPECT_NE(coils.at(0, 27, 0), Sample(0));
  EXPECT_EQ(coils.at(0, 37, 0), Sample(0));
}

TEST_P(FillByGrappa, leaves_lines_at_the_ends_and_in_wide_gaps_as_they_are_and_counts_them) {
  std::vector<std::uint8_t> measured(48, 0);
  for (const std::int64_t line : {3, 5, 7, 14, 16, 40}) {
    measured[static_cast<std::size_t>(line)] = 1;
  }
  const LineRange calibration{16, 30};
  std::fill(measured.begin() + 16, measured.begin() + 30, std::uint8_t{1});
  Coils coils = without_missing(random_coils(2, 48, 20), measured);
  Grappa grappa;
  const Completion completion = grappa.fill(slice_of(coils), measured, calibration, threads::Executor(1, nullptr));
  EXPECT_EQ(completion.filled, 3);  // 4, 6, 15
  EXPECT_EQ(completion.left, 48 - 14 - 5 - 3);
  for (std::int64_t line = 0; line < 48; ++line) {
    const bool there = measured[static_cast<std::size_t>(line)] != 0 || line == 4 || line == 6 || line == 15;
    EXPECT_EQ(coils.at(1, line, 7) != Sample(0), there) << "line " << line;
  }
}

TEST_P(FillByGrappa, gives_the_same_bits_in_the_gaps_of_a_slice_that_holds_a_part_of_the_lines) {
  const LineRange calibration{16, 34};
  auto measured = regular(48, 3, 0, calibration);
  measured[47] = 1;  // a gap of 2 that the part does not hold
  Coils whole = without_missing(with_echo(random_coils(3, 48, 20)), measured);
  constexpr std::int64_t first = 8;  // a missing line, of a gap that begins before it
  constexpr std::int64_t held = 32;  // up to line 39, a measured one
  Coils part{3, held, 20, std::vector<Sample>(std::size_t{3} * held * 20)};
  HybridSlice slice = slice_of(part);
  slice.first = first;
  slice.front = first + held / 2;
  for (std::int64_t coil = 0; coil < 3; ++coil) {
    for (std::int64_t line = first; line < first + held; ++line) {
      std::copy_n(&whole.at(coil, line, 0), 20, slice.line(line) + coil * slice.coil_stride);
    }
  }
  Grappa grappa;
  const threads::Executor executor(1, nullptr);
  EXPECT_EQ(grappa.fill(slice, measured, calibration, executor).filled, 8);  // 10, 11, 13, 14, 34, 35, 37, 38
  grappa.fill(slice_of(whole), measured, calibration, executor);
  for (std::int64_t coil = 0; coil < 3; ++coil) {
    EXPECT_EQ(slice.line(8)[coil * slice.coil_stride], Sample(0));
    for (std::int64_t line = 9; line < first + held; ++line) {
      const Sample* found = slice.line(line) + coil * slice.coil_stride;
      EXPECT_TRUE(std::equal(found, found + 20, &whole.at(coil, line, 0))) << "line " << line;
    }
  }
}

TEST_P(FillByGrappa, leaves_gaps_that_there_are_too_few_calibration_lines_for) {
  const LineRange calibration{8, 14};
  const auto measured = regular(20, 3, 0, calibration);
  Coils coils = without_missing(random_coils(2, 20, 20), measured);
  Grappa grappa;
  const Completion completion = grappa.fill(slice_of(coils), measured, calibration, threads::Executor(1, nullptr));
  EXPECT_EQ(completion.filled, 2);  // 7 and 14, next to ACS lines
  EXPECT_EQ(coils.at(0, 16, 0), Sample(0));
}

TEST_P(FillByGrappa, leaves_everything_where_calibration_lines_are_zero_or_missing) {
  auto measured = regular(20, 2, 0, {7, 13});
  Coils coils = without_missing(random_coils(2, 20, 20), measured);
  for (std::int64_t coil = 0; coil < 2; ++coil) {
    for (std::int64_t line = 7; line < 13; ++line) {
      std::fill_n(&coils.at(coil, line, 0), 20, Sample(0));
    }
  }
  const std::vector<Sample> given = coils.samples;
  Grappa grappa;
  const threads::Executor executor(1, nullptr);
  EXPECT_EQ(grappa.fill(slice_of(coils), measured, {7, 13}, executor).filled, 0);
  EXPECT_EQ(grappa.fill(slice_of(coils), measured, {10, 10}, executor).filled, 0);
  EXPECT_EQ(coils.samples, given);
}

TEST_P(FillByGrappa, writes_missing_lines_only_whatever_lies_between_coils) {
  const LineRange calibration{6, 14};
  const auto measured = regular(20, 2, 0, calibration);
  const Coils given = without_missing(random_coils(3, 20, 19), measured);
  Coils expected = given;
  Grappa grappa;
  const threads::Executor executor(1, nullptr);
  grappa.fill(slice_of(expected), measured, calibration, executor);

  const Sample untouched(-7, 7);
  const std::int64_t plane = 380;
  const std::int64_t stride = plane + 5;
  const std::int64_t front = 10;
  std::vector<Sample> apart(static_cast<std::size_t>(3 * stride), untouched);
  for (std::int64_t coil = 0; coil < 3; ++coil) {
    for (std::int64_t line = 0; line < 20; ++line) {
      std::copy_n(given.samples.begin() + static_cast<std::ptrdiff_t>(given.place(coil, line, 0)), 19,
                  apart.begin() + coil * stride + (line + 20 - front) % 20 * 19);
    }
  }
  grappa.fill({apart.data(), 3, 20, 19, stride, front}, measured, calibration, executor);
  for (std::int64_t coil = 0; coil < 3; ++coil) {
    for (std::int64_t line = 0; line < 20; ++line) {
      for (std::int64_t x = 0; x < 19; ++x) {
        ASSERT_EQ(apart[static_cast<std::size_t>(coil * stride + (line + 20 - front) % 20 * 19 + x)],
                  expected.at(coil, line, x));
      }
    }
    for (std::int64_t place = plane; place < stride; ++place) {
      ASSERT_EQ(apart[static_cast<std::size_t>(coil * stride + place)], untouched);
    }
  }
}

TEST_P(FillByGrappa, computes_the_same_bits_with_any_number_of_threads_and_after_other_slices) {
  const LineRange calibration{20, 44};
  const auto measured = regular(64, 3, 1, calibration);
  const Coils given = without_missing(random_coils(5, 64, 150), measured);
  Coils expected = given;
  Grappa first;
  first.fill(slice_of(expected), measured, calibration, threads::Executor(1, nullptr));

  Grappa used;
  Coils other = without_missing(random_coils(7, 40, 90), regular(40, 4, 0, {10, 30}));
  used.fill(slice_of(other), regular(40, 4, 0, {10, 30}), {10, 30}, threads::Executor(1, nullptr));
  for (const int threads : {1, 2, 3, 7}) {
    const threads::Executor executor(threads, [](std::int64_t tasks, const std::function<void(std::int64_t)>& task) {
      std::vector<std::jthread> running;
      running.reserve(static_cast<std::size_t>(tasks));
      for (std::int64_t number = 0; number < tasks; ++number) {
        running.emplace_back(task, number);
      }
    });
    Coils filled = given;
    used.fill(slice_of(filled), measured, calibration, executor);
    EXPECT_EQ(filled.samples, expected.samples) << threads << " threads";
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, FillByGrappa, testing::ValuesIn(targets_here()), name_of_target);

}  // namespace
}  // namespace mriembed::kernels
