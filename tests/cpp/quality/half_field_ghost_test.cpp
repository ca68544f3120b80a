#include "quality/half_field_ghost.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <numbers>
#include <random>
#include <vector>

namespace mriembed::quality {
namespace {

using Complex = std::complex<double>;
constexpr double pi = std::numbers::pi;

// An ellipse of constant signal; lengths in units of the field of view, from its centre.
struct Ellipse {
  double y = 0;
  double x = 0;
  double radius_y = 0.3;
  double radius_x = 0.3;
  Complex signal = 1;

  // Its Fourier transform at so many cycles per field of view: that of a disc is radius J1(2 pi radius k) / k. k-space
  // of it shows the ringing that a sharp edge has.
  [[nodiscard]] Complex at(double ky, double kx) const {
    const double length = std::hypot(radius_y * ky, radius_x * kx);
    const double of_disc = length < 1e-9 ? pi : ::j1(2 * pi * length) / length;
    return signal * radius_y * radius_x * of_disc * std::polar(1.0, -2 * pi * (ky * y + kx * x));
  }
};

using Object = std::vector<Ellipse>;

// A sensitivity 1 + shading exp(i ...) times a phase, each of which has so many turns over the field of view: a smooth
// factor that differs between coils. Each turn moves k-space by as much.
Complex received(const Object& object, int coil, double shading, double ky, double kx) {
  Complex sum = 0;
  const double turn_y = 0.3 * coil - 0.2;
  const double turn_x = 0.4 - 0.5 * coil;
  for (const Ellipse& part : object) {
    sum += part.at(ky - turn_y, kx - turn_x) +
           shading * std::polar(1.0, 1.0 + 2 * coil) * part.at(ky - 2 * turn_y + 0.5, kx + turn_x);
  }
  return sum;
}

struct Kspace {
  std::int64_t coils;
  std::int64_t height;
  std::int64_t width;
  std::vector<std::complex<float>> samples = {};

  [[nodiscard]] std::complex<float>& at(std::int64_t coil, std::int64_t y, std::int64_t x) {
    return samples[static_cast<std::size_t>((coil * height + y) * width + x)];
  }
};

// `oversampling`: of the readout.
Kspace measured(const Object& object, std::int64_t coils, std::int64_t height, std::int64_t width,
                double oversampling = 1, double shading = 0.6) {
  Kspace kspace{coils, height, width};
  const std::int64_t middle_line = height / 2;
  const std::int64_t middle_sample = width / 2;
  for (std::int64_t coil = 0; coil < coils; ++coil) {
    for (std::int64_t y = 0; y < height; ++y) {
      for (std::int64_t x = 0; x < width; ++x) {
        kspace.samples.emplace_back(received(object, static_cast<int>(coil), shading,
                                             static_cast<double>(y - middle_line),
                                             static_cast<double>(x - middle_sample) / oversampling));
      }
    }
  }
  return kspace;
}

// Lines with an odd number are turned.
Kspace with_ghost(Kspace kspace, double phase) {
  for (std::int64_t coil = 0; coil < kspace.coils; ++coil) {
    for (std::int64_t y = 1; y < kspace.height; y += 2) {
      for (std::int64_t x = 0; x < kspace.width; ++x) {
        kspace.at(coil, y, x) *= std::complex<float>(std::polar(1.0, phase));
      }
    }
  }
  return kspace;
}

// White noise whose standard deviation is the root mean square of the samples over `snr`.
Kspace with_noise(Kspace kspace, double snr, unsigned seed = 1) {
  double energy = 0;
  for (const std::complex<float>& sample : kspace.samples) {
    energy += static_cast<double>(std::norm(sample));
  }
  const double sd = std::sqrt(energy / static_cast<double>(kspace.samples.size()) / 2) / snr;
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0, static_cast<float>(sd));
  for (std::complex<float>& sample : kspace.samples) {
    const float real = normal(generator);
    sample += std::complex<float>(real, normal(generator));
  }
  return kspace;
}

// Lines for which `keep` is false are missing.
template <typename Keep>
Kspace with_lines(Kspace kspace, Keep keep) {
  for (std::int64_t coil = 0; coil < kspace.coils; ++coil) {
    for (std::int64_t y = 0; y < kspace.height; ++y) {
      for (std::int64_t x = 0; x < kspace.width && !keep(y); ++x) {
        kspace.at(coil, y, x) = 0;
      }
    }
  }
  return kspace;
}

HalfFieldGhost ghost_of(const Kspace& kspace) {
  std::vector<bool> lines;
  for (std::int64_t y = 0; y < kspace.height; ++y) {
    const auto first = kspace.samples.begin() + y * kspace.width;
    lines.push_back(std::any_of(first, first + kspace.width, [](std::complex<float> v) { return v != 0.0F; }));
  }
  std::vector<float> scales;
  for (std::int64_t coil = 0; coil < kspace.coils; ++coil) {
    double power = 0;
    const auto first = kspace.samples.begin() + coil * kspace.height * kspace.width;
    std::for_each(first, first + kspace.height * kspace.width,
                  [&](std::complex<float> v) { power += std::norm(Complex(v)); });
    const auto count = static_cast<double>(kspace.height * kspace.width);
    scales.push_back(power > 0 ? static_cast<float>(std::sqrt(count / power)) : 0.0F);
  }
  HalfFieldGhostCheck check;
  return check.of(ArrayView<const std::complex<float>, 3>::row_major(kspace.samples.data(),
                                                                     {kspace.coils, kspace.height, kspace.width}),
                  lines, scales);
}

// A body that leaves a sixth of the field of view empty along y, with a dark and a bright part.
const Object body{{0.02, -0.03, 0.41, 0.3, 1}, {0.1, 0.08, 0.1, 0.07, -0.9}, {-0.15, 0, 0.05, 0.12, {0.5, 0.8}}};

TEST(HalfFieldGhostTest, is_the_phase_of_odd_lines_for_one_to_three_coils) {
  for (const std::int64_t coils : {1, 2, 3}) {
    const Kspace kspace = with_noise(measured(body, coils, 96, 96), 10);
    for (const double phase : {0.0, 0.2, -0.2, 0.05, 0.6}) {
      const HalfFieldGhost ghost = ghost_of(with_ghost(kspace, phase));
      EXPECT_TRUE(ghost.judged) << coils << " coils, " << phase;
      EXPECT_NEAR(ghost.phase, phase, 0.02) << coils << " coils";
    }
  }
}

TEST(HalfFieldGhostTest, is_found_in_noise_of_half_the_signal) {
  for (const std::int64_t coils : {2, 3}) {
    const Kspace kspace = measured(body, coils, 96, 96);
    for (const double phase : {0.0, 0.2}) {
      const HalfFieldGhost ghost = ghost_of(with_noise(with_ghost(kspace, phase), 2));
      EXPECT_TRUE(ghost.judged) << coils << " coils";
      EXPECT_NEAR(ghost.phase, phase, 0.03) << coils << " coils";
    }
  }
}

// With an odd or even first line, an odd number of pairs, widths that have to be cut, and more lines than count.
TEST(HalfFieldGhostTest, has_the_sign_of_odd_lines_for_any_size) {
  for (const auto& [height, width] : {std::pair{64, 64}, {66, 70}, {68, 131}, {97, 96}, {130, 51}, {260, 32}}) {
    const HalfFieldGhost ghost = ghost_of(with_ghost(measured(body, 2, height, width), 0.3));
    EXPECT_TRUE(ghost.judged) << height << " x " << width;
    EXPECT_NEAR(ghost.phase, 0.3, 0.02) << height << " x " << width;
  }
}

TEST(HalfFieldGhostTest, is_found_in_oversampled_readouts_partial_fourier_and_acs_lines) {
  const Kspace kspace = with_noise(measured(body, 2, 128, 96, 1.5), 10);
  const auto five_eighths = [](std::int64_t y) { return y < 80; };
  const auto the_other_end = [](std::int64_t y) { return y >= 48; };
  const auto accelerated = [](std::int64_t y) { return y % 2 == 0 || (y >= 52 && y < 76); };
  for (const double phase : {0.0, 0.2}) {
    const Kspace ghosted = with_ghost(kspace, phase);
    for (const Kspace& part : {ghosted, with_lines(ghosted, five_eighths), with_lines(ghosted, the_other_end),
                               with_lines(ghosted, accelerated)}) {
      EXPECT_TRUE(ghost_of(part).judged);
      EXPECT_NEAR(ghost_of(part).phase, phase, 0.03);
    }
  }
}

TEST(HalfFieldGhostTest, is_not_seen_in_objects_that_are_symmetric) {
  const Object disc{{0, 0, 0.35, 0.35, 1}};
  const Object both_sides{{0, 0, 0.4, 0.3, 1}, {0, 0.15, 0.2, 0.08, -0.8}, {0, -0.15, 0.2, 0.08, -0.8}};
  const Object ring{{0, 0, 0.42, 0.42, 1}, {0, 0, 0.34, 0.34, -0.97}};
  for (const Object& object : {disc, both_sides, ring}) {
    for (const std::int64_t coils : {1, 3}) {
      const HalfFieldGhost ghost = ghost_of(with_noise(measured(object, coils, 96, 96), 10));
      EXPECT_TRUE(ghost.judged) << object.size() << " parts, " << coils << " coils";
      EXPECT_NEAR(ghost.phase, 0, 0.03);
    }
  }
}

// No place of the field of view has signal from one place of the object only.
TEST(HalfFieldGhostTest, is_not_judged_where_the_object_fills_the_field_of_view) {
  const Object filling{{0, 0, 3, 0.3, 1}, {0.2, 0.05, 0.1, 0.1, -0.6}, {-0.3, -0.05, 0.12, 0.08, {0.2, 0.4}}};
  for (const std::int64_t coils : {1, 2, 3}) {
    const Kspace kspace = with_noise(measured(filling, coils, 96, 96, 1, 0.3), 10);
    for (const double phase : {0.0, 0.2}) {
      const HalfFieldGhost ghost = ghost_of(with_ghost(kspace, phase));
      EXPECT_FALSE(ghost.judged) << coils << " coils";
      EXPECT_EQ(ghost.phase, 0);
    }
  }
}

// A signal in quadrature with the one half a field above it, whose phase the coil turns by so much on the way.
Complex quadrature(double strength) { return std::polar(strength, pi / 2 + 0.2 * pi); }

// A part with nothing opposite agrees on 0, a smaller one with a signal in quadrature opposite does not. Three quarters
// that agree are not enough in a third of the object.
TEST(HalfFieldGhostTest, is_judged_from_a_small_part_of_the_object_only_if_nearly_all_of_it_agrees) {
  const Ellipse filling{0, -0.24, 3, 0.24, 1};
  const Ellipse alone{0.25, 0.1, 0.15, 0.1, 1};
  const Object disagreeing{filling, alone, {-0.2, 0.34, 0.13, 0.065, 1}, {0.3, 0.34, 0.13, 0.065, quadrature(0.3)}};
  EXPECT_FALSE(ghost_of(measured(disagreeing, 1, 128, 64, 1, 0)).judged);
  const HalfFieldGhost agreeing = ghost_of(with_ghost(measured({filling, alone}, 1, 128, 64, 1, 0), 0.2));
  EXPECT_TRUE(agreeing.judged);
  EXPECT_NEAR(agreeing.phase, 0.2, 0.03);
}

// Where coils see one of two places only, the phase can be judged without an empty part.
TEST(HalfFieldGhostTest, is_right_if_it_is_judged_in_strongly_shaded_coils) {
  const Object filling{{0, 0, 0.7, 0.3, 1}, {0.2, 0.05, 0.1, 0.1, -0.6}};
  for (const double shading : {0.6, 0.9, 1.0}) {
    const Kspace kspace = with_noise(measured(filling, 2, 96, 96, 1, shading), 10);
    for (const double phase : {0.0, 0.2}) {
      const HalfFieldGhost ghost = ghost_of(with_ghost(kspace, phase));
      EXPECT_NEAR(ghost.phase, ghost.judged ? phase : 0, 0.03) << shading;
    }
  }
}

// Two alike objects half a field apart, of any phase between them, look like one object and its ghost.
TEST(HalfFieldGhostTest, is_not_judged_in_two_alike_objects_half_a_field_apart) {
  for (const double between : {0.0, 0.5, 1.0, pi / 2, 2.5}) {
    for (const double strength : {0.8, 1.0}) {
      const Object two{{-0.25, 0, 0.15, 0.2, 1}, {0.25, 0, 0.15, 0.2, std::polar(strength, between)}};
      EXPECT_FALSE(ghost_of(with_noise(measured(two, 1, 96, 96, 1, 0), 20)).judged) << between << ", " << strength;
    }
  }
}

TEST(HalfFieldGhostTest, is_not_judged_in_noise) {
  for (const std::int64_t coils : {1, 2, 3}) {
    const Kspace kspace = measured(body, coils, 96, 96);
    for (unsigned seed = 0; seed < 20; ++seed) {
      EXPECT_FALSE(ghost_of(with_noise(kspace, 1e-6, seed)).judged) << seed;
      EXPECT_FALSE(ghost_of(with_noise(kspace, 0.2, seed)).judged) << seed;
    }
  }
}

// 40 lines have 20 around the centre.
TEST(HalfFieldGhostTest, is_not_judged_of_few_lines_single_samples_or_none) {
  EXPECT_FALSE(ghost_of(measured(body, 2, 40, 64)).judged);
  EXPECT_FALSE(ghost_of(measured(body, 2, 64, 1)).judged);
  EXPECT_FALSE(ghost_of(with_lines(measured(body, 2, 64, 64), [](std::int64_t) { return false; })).judged);
  EXPECT_FALSE(ghost_of(with_lines(measured(body, 2, 64, 64), [](std::int64_t y) { return y % 2 == 0; })).judged);
}

// Parts that lie half a field apart by chance, one with 0.3 of the other's signal, agree on a phase of 2 atan(0.3); the
// part with nothing opposite says 0.
TEST(HalfFieldGhostTest, is_not_judged_where_parts_of_the_object_disagree) {
  const Object apart{
      {-0.25, -0.2, 0.15, 0.15, 1}, {0.25, -0.2, 0.15, 0.15, quadrature(0.3)}, {0.25, 0.2, 0.12, 0.12, 1}};
  EXPECT_FALSE(ghost_of(measured(apart, 1, 96, 96, 1, 0)).judged);
  EXPECT_TRUE(ghost_of(measured({apart.back()}, 1, 96, 96, 1, 0)).judged);
}

TEST(HalfFieldGhostTest, is_that_of_the_strong_parts_of_the_object) {
  const Object with_faint_parts{
      {-0.1, -0.2, 0.2, 0.15, 1}, {-0.25, 0.2, 0.2, 0.25, 0.04}, {0.25, 0.2, 0.2, 0.25, quadrature(0.012)}};
  const Kspace kspace = measured(with_faint_parts, 1, 96, 96, 1, 0);
  for (const double phase : {0.0, 0.2}) {
    EXPECT_TRUE(ghost_of(with_ghost(kspace, phase)).judged);
    EXPECT_NEAR(ghost_of(with_ghost(kspace, phase)).phase, phase, 0.02);
  }
}

TEST(HalfFieldGhostTest, is_not_judged_of_a_spot_that_fills_a_few_pixels) {
  EXPECT_FALSE(ghost_of(measured({{0.05, 0.05, 0.01, 0.01, 1}}, 1, 96, 96)).judged);
}

// A ghost beyond tan(pi / 8) of the object cannot be told from a second object.
TEST(HalfFieldGhostTest, is_not_judged_beyond_a_quarter_of_pi) {
  const Kspace kspace = measured(body, 2, 96, 96);
  EXPECT_TRUE(ghost_of(with_ghost(kspace, 0.7)).judged);
  EXPECT_FALSE(ghost_of(with_ghost(kspace, 0.9)).judged);
  EXPECT_FALSE(ghost_of(with_ghost(kspace, -1.5)).judged);
}

TEST(HalfFieldGhostTest, does_not_depend_on_a_zero_coil_or_the_scale) {
  const Kspace kspace = with_ghost(measured(body, 2, 96, 96), 0.2);
  const double phase = ghost_of(kspace).phase;
  Kspace with_zero_coil{3, 96, 96, kspace.samples};
  with_zero_coil.samples.resize(std::size_t{3} * 96 * 96);
  EXPECT_EQ(ghost_of(with_zero_coil).phase, phase);
  for (const float scale : {1e-25F, 1e25F}) {
    Kspace scaled = kspace;
    std::ranges::for_each(scaled.samples, [&](std::complex<float>& sample) { sample *= scale; });
    EXPECT_NEAR(ghost_of(scaled).phase, phase, 1e-4) << scale;
  }
}

}  // namespace
}  // namespace mriembed::quality
