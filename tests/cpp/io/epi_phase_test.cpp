#include "epi_phase.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>

#include "centred_fft.hpp"

namespace mriembed::io {
namespace {

using Complex = std::complex<float>;

constexpr std::int64_t width = 32;
constexpr std::int64_t middle = 16;
constexpr std::int64_t coils = 2;

// k-space of an object along x, of two coils, with a phase that is straight along x.
std::vector<Complex> line_with(double constant, double slope) {
  CentredFft to_kspace(width, CentredFft::Direction::to_kspace);
  std::vector<Complex> line;
  for (std::int64_t coil = 0; coil < coils; ++coil) {
    for (std::int64_t x = 0; x < width; ++x) {
      const auto distance = static_cast<double>(x - middle);
      const double magnitude = std::abs(distance) < 11 ? 1 + 0.3 * std::cos(static_cast<double>(x * (coil + 1))) : 0;
      line.emplace_back(std::polar(magnitude, constant + slope * distance + 0.7 * static_cast<double>(coil)));
    }
    to_kspace.apply(line.data() + coil * width);
  }
  return line;
}

NavigatorLines::Order order_of(bool reversed, int number, int average = 0) {
  return {reversed ? LineDirection::reversed : LineDirection::forward, static_cast<std::uint16_t>(average),
          static_cast<std::size_t>(number)};
}

TEST(NavigatorLines, give_what_reversed_lines_differ_in_from_forward_ones_whatever_drifts) {
  for (const bool reversed_first : {false, true}) {
    for (const int count : {3, 4, 5}) {
      NavigatorLines navigators(width);
      for (int number = 0; number < count; ++number) {
        const bool reversed = (number % 2 == 1) != reversed_first;
        const double drift = 0.4 * number;
        navigators.add(order_of(reversed, number), reversed ? line_with(drift + 0.9, 0.11) : line_with(drift, 0));
      }
      const std::optional<ReadoutPhase> phase = navigators.phase();
      ASSERT_TRUE(phase.has_value());
      EXPECT_NEAR(phase->constant, 0.9, 1e-4);
      EXPECT_NEAR(phase->slope, 0.11, 1e-4);
    }
  }
}

TEST(NavigatorLines, of_several_trains_do_not_take_the_begin_of_one_for_drift) {
  for (const bool averages : {true, false}) {
    NavigatorLines navigators(width);
    for (int number = 0; number < 8; ++number) {
      const int train = number / 4;
      const bool reversed = number % 2 == 1;
      const double phase = 0.4 * (number % 4) + 0.3 * train;
      // Lines of the image lie between two shots of one average.
      navigators.add(order_of(reversed, averages ? number : number + 20 * train, averages ? train : 0),
                     reversed ? line_with(phase + 0.9, 0.11) : line_with(phase, 0));
    }
    EXPECT_NEAR(navigators.phase()->constant, 0.9, 1e-4);
    EXPECT_NEAR(navigators.phase()->slope, 0.11, 1e-4);
    EXPECT_TRUE(navigators.tell_drift());
  }
}

TEST(NavigatorLines, of_trains_of_two_do_not_tell_drift) {
  NavigatorLines navigators(width);
  for (const int number : {0, 1, 20, 21}) {
    navigators.add(order_of(number % 2 == 1, number), line_with(0.4 * (number % 2), 0));
  }
  EXPECT_FALSE(navigators.tell_drift());
}

TEST(NavigatorLines, of_trains_of_one_line_tell_what_trains_differ_in) {
  NavigatorLines navigators(width);
  navigators.add(order_of(false, 0), line_with(0, 0));
  navigators.add(order_of(true, 20), line_with(0.9, 0.11));
  EXPECT_NEAR(navigators.phase()->constant, 0.9, 1e-4);
}

TEST(NavigatorLines, of_one_direction_tell_nothing) {
  NavigatorLines navigators(width);
  EXPECT_FALSE(navigators.phase().has_value());
  navigators.add(order_of(false, 0), line_with(0, 0));
  navigators.add(order_of(false, 1), line_with(1, 0));
  EXPECT_FALSE(navigators.phase().has_value());
  EXPECT_EQ(navigators.count(), 2U);
}

TEST(NavigatorLines, without_signal_tell_nothing) {
  NavigatorLines navigators(width);
  navigators.add(order_of(false, 0), std::vector<Complex>(coils * width));
  navigators.add(order_of(true, 1), std::vector<Complex>(coils * width));
  EXPECT_FALSE(navigators.phase().has_value());
}

TEST(TakeOut, gives_both_directions_the_phase_between_them) {
  const std::vector<LineDirection> directions{LineDirection::forward, LineDirection::reversed, LineDirection::both,
                                              LineDirection::none};
  std::vector<Complex> volume(coils * directions.size() * width);
  for (std::size_t line = 0; line < directions.size(); ++line) {
    const std::vector<Complex> measured =
        directions[line] == LineDirection::reversed ? line_with(0.8, -0.2) : line_with(0, 0);
    for (std::size_t coil = 0; coil < coils; ++coil) {
      std::copy_n(measured.begin() + static_cast<std::ptrdiff_t>(coil * width), width,
                  volume.begin() + static_cast<std::ptrdiff_t>((coil * directions.size() + line) * width));
    }
  }
  take_out({0.8, -0.2}, volume, coils, directions, width);
  const std::vector<Complex> half = line_with(0.4, -0.1);
  const std::vector<Complex> untouched = line_with(0, 0);
  for (std::size_t line = 0; line < directions.size(); ++line) {
    const std::vector<Complex>& expected = line < 2 ? half : untouched;
    for (std::size_t coil = 0; coil < coils; ++coil) {
      for (std::size_t x = 0; x < width; ++x) {
        EXPECT_LT(std::abs(volume[(coil * directions.size() + line) * width + x] - expected[coil * width + x]), 1e-5);
      }
    }
  }
}

// A slice of noise inside a circle, whose reversed lines have a phase of their own.
struct GhostSlice {
  std::vector<Complex> kspace;
  std::vector<LineDirection> directions;
};

// In lines of one shot directions alternate; two shots that are read out alike have pairs of lines.
GhostSlice slice_with(double constant, double slope, std::int64_t shots = 1) {
  constexpr std::int64_t height = 40;
  constexpr std::int64_t middle_line = 22;
  CentredFft along_x(width, CentredFft::Direction::to_kspace);
  CentredFft along_y(height, CentredFft::Direction::to_kspace);
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  GhostSlice slice;
  for (std::int64_t line = 0; line < height; ++line) {
    slice.directions.push_back(line / shots % 2 == 0 ? LineDirection::forward : LineDirection::reversed);
  }
  for (std::int64_t coil = 0; coil < coils; ++coil) {
    std::vector<Complex> image(height * width);
    for (std::int64_t y = 0; y < height; ++y) {
      for (std::int64_t x = 0; x < width; ++x) {
        const double radius = std::hypot(static_cast<double>(x - middle), 0.8 * static_cast<double>(y - middle_line));
        image[static_cast<std::size_t>(y * width + x)] = radius < 10 ? Complex(3 + normal(random), normal(random)) : 0;
      }
    }
    for (std::int64_t x = 0; x < width; ++x) {
      along_y.apply(image.data() + x, width);
    }
    for (std::int64_t y = 0; y < height; ++y) {
      for (std::int64_t x = 0; y / shots % 2 == 1 && x < width; ++x) {
        image[static_cast<std::size_t>(y * width + x)] *=
            Complex(std::polar(1.0, constant + slope * static_cast<double>(x - middle)));
      }
      along_x.apply(image.data() + y * width);
    }
    slice.kspace.insert(slice.kspace.end(), image.begin(), image.end());
  }
  return slice;
}

TEST(SearchGhost, finds_the_phase_that_made_the_ghost) {
  for (const auto& [constant, slope] : {std::pair{0.5, 0.05}, {-1.2, 0.3}, {1.4, -0.1}}) {
    const GhostSlice slice = slice_with(constant, slope);
    const GhostSearch found = search_ghost(slice.kspace, coils, slice.directions, width);
    EXPECT_NEAR(found.phase.constant, constant, 0.02);
    EXPECT_NEAR(found.phase.slope, slope, 0.003);
    EXPECT_LT(found.corrected, 0.97 * found.as_it_is);
  }
}

TEST(SearchGhost, puts_the_object_into_the_middle_of_the_field_of_view) {
  const GhostSlice slice = slice_with(2.2, 0.05);  // nearer to pi than to 0
  const GhostSearch found = search_ghost(slice.kspace, coils, slice.directions, width);
  EXPECT_NEAR(found.phase.constant, 2.2, 0.02);
}

TEST(SearchGhost, finds_the_phase_to_an_eighth_of_a_coarse_step) {
  for (const double constant : {-1.3, -0.7, -0.1, 0.2, 0.8, 1.1}) {
    for (const double slope : {-0.11, 0.04, 0.2}) {
      const GhostSlice slice = slice_with(constant, slope);
      const ReadoutPhase found = search_ghost(slice.kspace, coils, slice.directions, width).phase;
      EXPECT_NEAR(found.constant, constant, 0.004) << constant << " " << slope;
      EXPECT_NEAR(found.slope, slope, 0.004) << constant << " " << slope;
    }
  }
}

TEST(SearchGhost, finds_any_phase_of_shots_that_are_interleaved) {
  for (const auto& [constant, slope] : {std::pair{0.5, 0.05}, {-2.4, 0.3}, {2.9, -0.1}}) {
    const GhostSlice slice = slice_with(constant, slope, 2);
    const GhostSearch found = search_ghost(slice.kspace, coils, slice.directions, width);
    EXPECT_NEAR(found.phase.constant, constant, 0.02);
    EXPECT_NEAR(found.phase.slope, slope, 0.003);
  }
}

TEST(SearchGhost, finds_nothing_where_there_is_no_ghost) {
  const GhostSlice slice = slice_with(0, 0);
  const GhostSearch found = search_ghost(slice.kspace, coils, slice.directions, width);
  EXPECT_GT(found.corrected, 0.99 * found.as_it_is);
}

}  // namespace
}  // namespace mriembed::io
