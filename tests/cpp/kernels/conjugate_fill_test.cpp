#include "kernels/conjugate_fill.hpp"

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
#include "random_samples.hpp"

namespace mriembed::kernels {
namespace {

using Sample = std::complex<float>;
using Complex = std::complex<double>;

class FillConjugates : public EveryTarget {};

// Sums over rows of (lines, width) samples, orthonormal; `sign` -1 forward.
std::vector<Complex> transformed(const std::vector<Complex>& plane, std::int64_t lines, std::int64_t width,
                                 double sign) {
  std::vector<Complex> found(plane.size());
  for (std::int64_t k = 0; k < lines; ++k) {
    for (std::int64_t y = 0; y < lines; ++y) {
      const double angle =
          sign * 2 * std::numbers::pi * static_cast<double>(k * y % lines) / static_cast<double>(lines);
      const Complex root = std::polar(1 / std::sqrt(static_cast<double>(lines)), angle);
      for (std::int64_t x = 0; x < width; ++x) {
        found[static_cast<std::size_t>(k * width + x)] += root * plane[static_cast<std::size_t>(y * width + x)];
      }
    }
  }
  return found;
}

ColumnTransform by_definition(std::int64_t lines, std::int64_t width) {
  return [=](Sample* plane, Direction direction, int /*participant*/) {
    const std::vector<Complex> from(plane, plane + lines * width);
    const auto found = transformed(from, lines, width, direction == Direction::forward ? -1 : 1);
    std::ranges::transform(found, plane, [](Complex value) { return static_cast<Sample>(value); });
  };
}

// k-space along y of coils whose image is positive, with a phase that is constant along each column but for a
// displacement of the echo to line `echo`; line 0 first.
std::vector<Sample> displaced_coils(std::int64_t coils, std::int64_t lines, std::int64_t width, std::int64_t echo) {
  const auto values = random_samples(coils * lines * width, 1);
  const auto phases = random_samples(coils * width, 1, 9);
  std::vector<Sample> kspace;
  for (std::int64_t coil = 0; coil < coils; ++coil) {
    std::vector<Complex> image;
    for (std::int64_t y = 0; y < lines; ++y) {
      for (std::int64_t x = 0; x < width; ++x) {
        const double value =
            4 + static_cast<double>(values[static_cast<std::size_t>((coil * lines + y) * width + x)].real());
        const double angle = 2 * std::numbers::pi * static_cast<double>(echo * y % lines) / static_cast<double>(lines) +
                             static_cast<double>(phases[static_cast<std::size_t>(coil * width + x)].imag());
        image.push_back(std::polar(std::max(value, 0.1), angle));
      }
    }
    for (const Complex value : transformed(image, lines, width, -1)) {
      kspace.push_back(static_cast<Sample>(value));
    }
  }
  return kspace;
}

std::vector<Sample> only(std::vector<Sample> samples, std::int64_t lines, std::int64_t width, LineRange measured) {
  for (std::size_t place = 0; place < samples.size(); ++place) {
    const auto line = static_cast<std::int64_t>(place) / width % lines;
    samples[place] = measured.contains(line) ? samples[place] : Sample(0);
  }
  return samples;
}

void expect_exact(std::int64_t lines, std::int64_t echo, LineRange measured, Completion expected) {
  SCOPED_TRACE(testing::Message() << lines << " lines, echo " << echo << ", " << measured.begin << " to "
                                  << measured.end);
  const std::int64_t width = 19;
  const auto full = displaced_coils(2, lines, width, echo);
  auto filled = only(full, lines, width, measured);
  ConjugateFill fill;
  const Completion completion = fill.fill({filled.data(), 2, lines, width, lines * width, 0}, measured, echo,
                                          by_definition(lines, width), threads::Executor(1, nullptr));
  EXPECT_EQ(completion.filled, expected.filled);
  EXPECT_EQ(completion.left, expected.left);
  for (std::size_t place = 0; place < full.size(); ++place) {
    const auto line = static_cast<std::int64_t>(place) / width % lines;
    const bool there = measured.contains(line) || (completion.filled > 0 && measured.contains(2 * echo - line));
    ASSERT_LT(std::abs(filled[place] - (there ? full[place] : Sample(0))), 2e-5F) << "line " << line;
  }
}

TEST_P(FillConjugates, is_exact_for_images_whose_phase_the_central_lines_hold) {
  expect_exact(32, 16, {0, 20}, {12, 0});
  expect_exact(32, 16, {0, 24}, {8, 0});
  expect_exact(33, 16, {0, 21}, {12, 0});
}

TEST_P(FillConjugates, is_exact_where_the_echo_lies_off_the_centre) {
  expect_exact(32, 19, {0, 24}, {8, 0});
  expect_exact(32, 13, {0, 20}, {7, 5});  // lines 27 and more have no mirror image
}

TEST_P(FillConjugates, fills_the_first_lines_where_these_are_missing) {
  expect_exact(32, 16, {12, 32}, {11, 1});  // line 0 has no mirror image
  expect_exact(32, 14, {6, 32}, {6, 0});
}

TEST_P(FillConjugates, leaves_all_lines_where_too_few_lie_beyond_the_echo) {
  expect_exact(32, 16, {0, 19}, {0, 13});
  expect_exact(32, 20, {0, 18}, {0, 14});
}

TEST_P(FillConjugates, changes_nothing_where_nothing_is_missing) { expect_exact(32, 16, {0, 32}, {0, 0}); }

TEST_P(FillConjugates, leaves_zeros_zero) {
  const std::vector<Sample> zeros(160);
  std::vector<Sample> filled = zeros;
  ConjugateFill fill;
  fill.fill({filled.data(), 1, 32, 5, 160, 0}, {0, 20}, 16, by_definition(32, 5), threads::Executor(1, nullptr));
  EXPECT_EQ(filled, zeros);
}

TEST_P(FillConjugates, computes_the_same_bits_with_any_number_of_threads) {
  const std::int64_t lines = 24;
  const std::int64_t width = 21;
  const LineRange measured{0, 16};
  const auto given = only(random_samples(5 * lines * width, 1), lines, width, measured);
  const FourierTransform fourier(lines);
  const ColumnTransform transform = [&](Sample* plane, Direction direction, int /*participant*/) {
    FourierTransform::Memory memory;
    fourier.along_columns(plane, width, direction, 0.2F, memory);
  };
  auto expected = given;
  ConjugateFill fill;
  fill.fill({expected.data(), 5, lines, width, lines * width, 0}, measured, 12, transform,
            threads::Executor(1, nullptr));
  for (const int threads : {2, 3, 7}) {
    const threads::Executor executor(threads, [](std::int64_t tasks, const std::function<void(std::int64_t)>& task) {
      std::vector<std::jthread> running;
      running.reserve(static_cast<std::size_t>(tasks));
      for (std::int64_t number = 0; number < tasks; ++number) {
        running.emplace_back(task, number);
      }
    });
    auto filled = given;
    fill.fill({filled.data(), 5, lines, width, lines * width, 0}, measured, 12, transform, executor);
    EXPECT_EQ(filled, expected) << threads << " threads";
  }
}

TEST_P(FillConjugates, takes_planes_that_begin_with_any_line) {
  const std::int64_t lines = 24;
  const std::int64_t width = 21;
  const LineRange measured{0, 16};
  const auto given = only(random_samples(5 * lines * width, 1), lines, width, measured);
  const ColumnTransform transform = by_definition(lines, width);
  auto expected = given;
  ConjugateFill fill;
  fill.fill({expected.data(), 5, lines, width, lines * width, 0}, measured, 12, transform,
            threads::Executor(1, nullptr));
  auto rotated = given;
  for (auto plane = rotated.begin(); plane != rotated.end(); plane += lines * width) {
    std::rotate(plane, plane + 12 * width, plane + lines * width);
  }
  fill.fill({rotated.data(), 5, lines, width, lines * width, 12}, measured, 12, transform,
            threads::Executor(1, nullptr));
  for (auto plane = rotated.begin(); plane != rotated.end(); plane += lines * width) {
    std::rotate(plane, plane + (lines - 12) * width, plane + lines * width);
  }
  for (std::size_t place = 0; place < expected.size(); ++place) {
    ASSERT_LT(std::abs(rotated[place] - expected[place]), 1e-5F);
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, FillConjugates, testing::ValuesIn(targets_here()), name_of_target);

}  // namespace
}  // namespace mriembed::kernels
