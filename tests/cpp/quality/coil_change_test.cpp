#include "quality/coil_change.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>
#include <vector>

#include "mriembed/quality_findings.hpp"
#include "quality/coil_contrast.hpp"

namespace mriembed::quality {
namespace {

using Sample = std::complex<float>;

constexpr std::int64_t height = 64;
constexpr std::int64_t width = 48;
constexpr Echo echo{32, 24};
const double limit = QualityLimits{}.coil_change;

// Coils whose sensitivities are mixtures of 1, cos and sin of one period over the field of view along y: they see
// k-space shifted by -1, 0 and 1 lines. Six mixtures of three determine each other, whatever the object is.
struct Scan {
  std::int64_t coils;
  std::vector<Sample> samples;

  [[nodiscard]] Sample& at(std::int64_t coil, std::int64_t y, std::int64_t x) {
    return samples[static_cast<std::size_t>((coil * height + y) * width + x)];
  }
  [[nodiscard]] CoilChange change() const {
    const auto view = ArrayView<const Sample, 3>::row_major(samples.data(), {coils, height, width});
    std::vector<float> power(static_cast<std::size_t>(height * width), 0.0F);
    std::vector<double> energies(static_cast<std::size_t>(coils), 0.0);
    for (std::size_t place = 0; place < samples.size(); ++place) {
      power[place % power.size()] += std::norm(samples[place]);
      energies[place / power.size()] += std::norm(samples[place]);
    }
    return strongest_coil_change(view, power, coil_contrasts(view, power, energies, echo), echo);
  }
};

Scan scan_of(std::int64_t coils, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal(0, 1 / std::numbers::sqrt2);
  const auto random = [&] {
    const double real = normal(generator);
    return std::complex<double>(real, normal(generator));
  };
  std::vector<std::complex<double>> object;
  for (std::int64_t y = -1; y <= height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      const double distance = std::hypot(static_cast<double>(y - echo.y), static_cast<double>(x - echo.x)) / 3;
      object.push_back(200.0 * random() * std::exp(-distance * distance / 2));
    }
  }
  Scan scan{coils, {}};
  for (std::int64_t coil = 0; coil < coils; ++coil) {
    const std::complex<double> below = random();
    const std::complex<double> here = random();
    const std::complex<double> above = random();
    for (std::int64_t place = 0; place < height * width; ++place) {
      const auto from = static_cast<std::size_t>(place);
      scan.samples.emplace_back(below * object[from] + here * object[from + static_cast<std::size_t>(width)] +
                                above * object[from + 2 * static_cast<std::size_t>(width)] + random());
    }
  }
  return scan;
}

void multiply_from(Scan& scan, std::int64_t coil, std::int64_t line, Sample factor) {
  for (std::int64_t y = line; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      scan.at(coil, y, x) *= factor;
    }
  }
}

TEST(CoilChangeTest, is_low_where_no_coil_changes) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    const CoilChange change = scan_of(6, seed).change();
    EXPECT_TRUE(change.judged);
    EXPECT_LT(change.level, 0.5) << seed;
  }
}

TEST(CoilChangeTest, names_the_coil_whose_gain_or_phase_changes_and_the_line) {
  for (const Sample factor : {Sample(0.3F, 0), Sample(0, 0), Sample(0, 1)}) {
    for (unsigned seed = 0; seed < 5; ++seed) {
      Scan scan = scan_of(6, seed);
      multiply_from(scan, 4, 33, factor);
      const CoilChange change = scan.change();
      EXPECT_GT(change.level, limit) << factor << ", seed " << seed;
      EXPECT_EQ(change.coil, 4) << factor << ", seed " << seed;
      EXPECT_EQ(change.line, 33) << factor << ", seed " << seed;
    }
  }
}

// Most of the energy lies before. No coil follows exactly from the others: by as much of its magnitude in all lines.
TEST(CoilChangeTest, names_the_coil_that_fails_after_the_echo) {
  for (unsigned seed = 0; seed < 10; ++seed) {
    Scan scan = scan_of(6, seed);
    std::mt19937 generator(seed);
    std::normal_distribution<float> normal(0, 0.1F);
    for (Sample& sample : scan.samples) {
      const float real = normal(generator);
      sample *= Sample(1 + real, normal(generator));
    }
    multiply_from(scan, 2, 37, 0.01F);
    const CoilChange change = scan.change();
    EXPECT_GT(change.level, limit) << seed;
    EXPECT_EQ(change.coil, 2) << seed;
    EXPECT_EQ(change.line, 37) << seed;
  }
}

// Five coils that see the object's k-space shifted by 0 to 4 samples along the readout: each one follows from a sample
// beside that of another coil, and from none at the same place.
TEST(CoilChangeTest, names_one_of_few_coils_that_follow_from_samples_beside_each_other) {
  for (unsigned seed = 0; seed < 10; ++seed) {
    const Scan object = scan_of(1, seed);
    const Scan noise = scan_of(5, seed + 100);
    Scan scan{5, {}};
    for (std::int64_t coil = 0; coil < 5; ++coil) {
      for (std::int64_t place = 0; place < height * width; ++place) {
        const std::int64_t x = std::min(place % width + coil, width - 1);
        scan.samples.push_back(object.samples[static_cast<std::size_t>(place / width * width + x)] +
                               0.01F * noise.samples[scan.samples.size()]);
      }
    }
    EXPECT_LT(scan.change().level, 0.5) << seed;
    multiply_from(scan, 1, 33, 0);
    EXPECT_GT(scan.change().level, limit) << seed;
    EXPECT_EQ(scan.change().coil, 1) << seed;
    EXPECT_EQ(scan.change().line, 33) << seed;
  }
}

// What all coils do alike is no fault of one.
TEST(CoilChangeTest, is_low_where_all_coils_change) {
  Scan scan = scan_of(6, 1);
  for (std::int64_t coil = 0; coil < 6; ++coil) {
    multiply_from(scan, coil, 33, {0, 1});
  }
  EXPECT_LT(scan.change().level, 0.5);
}

TEST(CoilChangeTest, is_not_judged_of_few_coils_or_missing_lines) {
  EXPECT_FALSE(scan_of(3, 1).change().judged);
  Scan scan = scan_of(6, 1);
  for (std::int64_t coil = 0; coil < 6; ++coil) {
    for (std::int64_t x = 0; x < width; ++x) {
      scan.at(coil, 25, x) = 0;
    }
  }
  EXPECT_FALSE(scan.change().judged);
}

}  // namespace
}  // namespace mriembed::quality
