#include "mriembed/scan_quality.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <cstddef>
#include <limits>
#include <numbers>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "mriembed/error.hpp"
#include "quality/noisy_scan.hpp"

namespace mriembed {
namespace {

TEST(ScanQualityTest, takes_measured_noise_and_its_largest_correlation) {
  ScanQuality quality(3);
  const std::vector<std::complex<double>> covariance{4, {0, 1}, 0.2, {0, -1}, 1, 0, 0.2, 0, 9};
  quality.set_noise(ArrayView<const std::complex<double>, 2>::row_major(covariance.data(), {3, 3}));
  quality.add_slice(noisy_scan({2, 1, 3}, 64, 64).view());
  const std::vector<CoilQuality> coils = quality.figures().coils;
  EXPECT_EQ(coils[0].noise, 2);
  EXPECT_FALSE(coils[0].noise_is_estimated);
  EXPECT_EQ(coils[0].correlation, 0.5);  // 1 / (2 * 1)
  EXPECT_EQ(coils[0].correlated_with, 1);
  EXPECT_NEAR(coils[2].correlation, 0.2 / 6, 1e-12);
  EXPECT_EQ(coils[2].correlated_with, 0);
}

// The echo in 64 x 64 samples has a root mean square of (1000^2 + 200^2)^1/2 / 64, in every coil.
TEST(ScanQualityTest, tells_signal_from_noise) {
  const std::vector<std::complex<double>> covariance{4, 0, 0, 16};
  ScanQuality quality(2);
  quality.set_noise(ArrayView<const std::complex<double>, 2>::row_major(covariance.data(), {2, 2}));
  quality.add_slice(noisy_scan({2, 4}, 64, 64).view());
  for (const CoilQuality& coil : quality.figures().coils) {
    EXPECT_NEAR(coil.signal, std::hypot(1000, 200) / 64, 0.3);
    EXPECT_NEAR(coil.snr, coil.signal / coil.noise, 1e-12);
    EXPECT_NEAR(coil.signal_share, 0.5, 0.03);
  }
}

TEST(ScanQualityTest, leaves_missing_lines_out_of_all_means) {
  Scan scan = noisy_scan({1, 1, 1}, 96, 64);
  for (std::int64_t coil = 0; coil < 3; ++coil) {
    for (std::int64_t y = 1; y < 96; y += 2) {
      for (std::int64_t x = 0; x < 64; ++x) {
        scan.at(coil, y, x) = 0;
      }
    }
  }
  const ScanQualityFigures figures = figures_of(scan);
  EXPECT_EQ(figures.slices[0].lines, 96);
  EXPECT_EQ(figures.slices[0].measured_lines, 48);
  EXPECT_NEAR(figures.coils[1].noise, 1, 0.1);
  EXPECT_NEAR(figures.coils[1].signal, 1000 / std::sqrt(48.0 * 64), 0.5);
}

TEST(ScanQualityTest, finds_the_spike_that_all_coils_share) {
  Scan scan = noisy_scan({1, 1, 1, 1}, 64, 80);
  for (std::int64_t coil = 0; coil < 4; ++coil) {
    scan.at(coil, 12, 61) += std::polar(20.0F, static_cast<float>(coil));
  }
  const Spike spike = figures_of(scan).slices[0].spike;
  EXPECT_EQ(spike.y, 12);
  EXPECT_EQ(spike.x, 61);
  EXPECT_GT(spike.level, 100);
  EXPECT_NEAR(spike.share, 0.02, 0.003);
  EXPECT_LT(figures_of(noisy_scan({1, 1, 1, 1}, 64, 80)).slices[0].spike.level, 10);
}

// A tone of frequency f is a peak at f times the readout's bandwidth, whatever its phase in each line.
TEST(ScanQualityTest, finds_the_frequency_and_the_coil_of_an_interference) {
  Scan scan = noisy_scan({1, 1, 1}, 64, 128);
  for (std::int64_t y = 0; y < 64; ++y) {
    for (std::int64_t x = 0; x < 128; ++x) {
      const double phase = 2 * std::numbers::pi * 0.1875 * static_cast<double>(x) + 2.4 * static_cast<double>(y * y);
      scan.at(2, y, x) += static_cast<Sample>(std::polar(1.0, phase));
      scan.at(0, y, x) += static_cast<Sample>(std::polar(0.3, phase));
    }
  }
  const Interference found = figures_of(scan).interference;
  EXPECT_NEAR(found.frequency, 0.1875, 1e-12);
  EXPECT_EQ(found.coil, 2);
  EXPECT_NEAR(found.level, (1 + 128 + 1 + 128 * 0.09 + 1) / 3, 15);
  EXPECT_LT(figures_of(noisy_scan({1, 1, 1}, 64, 128)).interference.level, 2);
}

TEST(ScanQualityTest, counts_samples_at_the_receivers_limit) {
  Scan scan = noisy_scan({1, 1}, 32, 32);
  for (std::int64_t x = 10; x < 20; ++x) {
    scan.at(1, 16, x) = {3000, 0};
  }
  const std::vector<CoilQuality> coils = figures_of(scan).coils;
  EXPECT_EQ(coils[0].clipped, 0);
  EXPECT_EQ(coils[1].clipped, 10);
  scan.at(1, 17, 3) = {-3000, -3000};  // either sign, in either part
  EXPECT_EQ(figures_of(scan).coils[1].clipped, 12);
  scan.at(1, 17, 4) = {3010, 0};
  EXPECT_EQ(figures_of(scan).coils[1].clipped, 0);
}

TEST(ScanQualityTest, knows_a_coil_of_zeros_and_where_the_echo_lies) {
  Scan scan = noisy_scan({1, 0, 1}, 32, 32);
  scan.at(1, 16, 16) = scan.at(1, 15, 16) = 0;
  scan.at(0, 13, 21) = scan.at(2, 13, 21) = {5000, 0};
  scan.at(0, 14, 21) = scan.at(2, 14, 21) = {1000, 0};
  const ScanQualityFigures figures = figures_of(scan);
  EXPECT_TRUE(figures.coils[1].is_zero);
  EXPECT_FALSE(figures.coils[0].is_zero);
  EXPECT_EQ(figures.slices[0].echo_y, -3);
  EXPECT_EQ(figures.slices[0].echo_x, 5);
}

TEST(ScanQualityTest, is_the_same_for_any_scale_and_any_strides) {
  const std::vector<double> noise{1, 2, 3};
  const ScanQualityFigures first = figures_of(noisy_scan(noise, 64, 48));
  Scan scan = noisy_scan(noise, 64, 48);
  for (Sample& sample : scan.samples) {
    sample *= 0x1p-60F;
  }
  const ScanQualityFigures small = figures_of(scan);
  EXPECT_EQ(small.slices[0].spike.level, first.slices[0].spike.level);
  EXPECT_NEAR(small.coils[2].noise / first.coils[2].noise, 0x1p-60, 1e-24);
  // x first in memory.
  std::vector<Sample> turned(scan.samples.size());
  const Scan again = noisy_scan(noise, 64, 48);
  constexpr std::int64_t rows = 192;
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t x = 0; x < 48; ++x) {
      turned[static_cast<std::size_t>(x * rows + row)] = again.samples[static_cast<std::size_t>(row * 48 + x)];
    }
  }
  ScanQuality quality(3);
  quality.add_slice({turned.data(), {3, 64, 48}, {64, 1, rows}});
  EXPECT_EQ(quality.figures().coils[1].noise, first.coils[1].noise);
  EXPECT_EQ(quality.figures().interference.level, first.interference.level);
}

TEST(ScanQualityTest, counts_readouts_of_single_coils_that_are_zero) {
  const auto without = [](Scan scan, std::int64_t coil, const std::vector<std::int64_t>& lines) {
    for (const std::int64_t y : lines) {
      for (std::int64_t x = 0; x < scan.width; ++x) {
        scan.at(coil, y, x) = 0;
      }
    }
    return scan;
  };
  Scan first = noisy_scan({1, 1, 1}, 16, 16);
  for (std::int64_t coil = 0; coil < 3; ++coil) {  // lines 1 and 9 were not measured, coil 0 receives nothing at all
    first = without(first, coil, {1, 9});
  }
  std::vector<std::int64_t> all(16);
  std::iota(all.begin(), all.end(), 0);
  first = without(first, 0, all);
  const Scan second = without(without(first, 1, {2, 9}), 2, {3, 4, 5});
  const Scan third = without(first, 2, all);
  ScanQuality quality(3);
  for (const Scan& scan : {first, second, third}) {
    quality.add_slice(scan.view());
  }
  const std::vector<SliceQuality> slices = quality.figures().slices;
  EXPECT_EQ(slices[0].zero_readouts, 0);
  EXPECT_EQ(slices[0].zero_readouts_coil, -1);
  EXPECT_EQ(slices[1].zero_readouts, 4);  // one of coil 1, three of coil 2
  EXPECT_EQ(slices[1].zero_readouts_coil, 2);
  EXPECT_EQ(slices[2].zero_readouts, 14);
  EXPECT_EQ(slices[2].zero_readouts_coil, 2);
  ScanQuality other(3);
  EXPECT_EQ(other.add_slice(third.view()).zero_readouts, 0);  // coil 2 has received nothing yet
  EXPECT_EQ(other.add_slice(second.view()).zero_readouts, 4);
  EXPECT_EQ(other.add_slice(third.view()).zero_readouts, 14);
  EXPECT_EQ(other.figures().slices.front().zero_readouts, 14);
}

TEST(ScanQualityTest, gives_the_figures_of_each_slice_as_it_is_added) {
  ScanQuality quality(4);
  std::vector<SliceQuality> given;
  for (const unsigned seed : {1U, 2U, 3U}) {
    given.push_back(quality.add_slice(noisy_scan({1, 2, 1, 3}, 48, 64, seed).view()));
  }
  const std::vector<SliceQuality> slices = quality.figures().slices;
  ASSERT_EQ(slices.size(), given.size());
  for (std::size_t slice = 0; slice < slices.size(); ++slice) {
    EXPECT_EQ(given[slice].measured_lines, 48);
    EXPECT_EQ(given[slice].spike.level, slices[slice].spike.level);
    EXPECT_EQ(given[slice].ghost_phase, slices[slice].ghost_phase);
    EXPECT_EQ(given[slice].motion_level, slices[slice].motion_level);
    EXPECT_EQ(given[slice].residual_spike.level, slices[slice].residual_spike.level);
  }
}

TEST(ScanQualityTest, forgets_a_slice_that_it_refused) {
  const Scan good = noisy_scan({1, 1, 2}, 32, 32, 5);
  ScanQuality quality(3);
  quality.add_slice(good.view());
  Scan bad = noisy_scan({9, 9, 9}, 32, 32, 6);
  bad.at(2, 1, 1) = {0, std::numeric_limits<float>::infinity()};
  EXPECT_THROW(quality.add_slice(bad.view()), Error);
  const ScanQualityFigures found = quality.figures();
  const ScanQualityFigures expected = figures_of(good);
  ASSERT_EQ(found.slices.size(), 1U);
  for (std::size_t coil = 0; coil < 3; ++coil) {
    EXPECT_EQ(found.coils[coil].noise, expected.coils[coil].noise);
    EXPECT_EQ(found.coils[coil].signal, expected.coils[coil].signal);
    EXPECT_EQ(found.coils[coil].clipped, expected.coils[coil].clipped);
  }
}

TEST(ScanQualityTest, measures_a_slice_alike_after_slices_of_any_size) {
  const Scan scan = harmonic_scan();
  ScanQuality quality(4);
  for (const auto& [height, width] : {std::pair{96, 80}, {30, 200}}) {
    quality.add_slice(noisy_scan({4, 3, 2, 1}, height, width).view());
  }
  quality.add_slice(harmonic_scan(128).view());
  quality.add_slice(scan.view());
  const SliceQuality found = quality.figures().slices.back();
  const SliceQuality expected = figures_of(scan).slices[0];
  EXPECT_EQ(found.spike.level, expected.spike.level);
  EXPECT_EQ(found.residual_spike.level, expected.residual_spike.level);
  EXPECT_EQ(found.ghost_phase, expected.ghost_phase);
  EXPECT_EQ(found.ghost_is_judged, expected.ghost_is_judged);
  EXPECT_EQ(found.motion_level, expected.motion_level);
}

TEST(ScanQualityTest, refuses_what_it_cannot_take) {
  EXPECT_THROW(ScanQuality(0), Error);
  ScanQuality quality(2);
  EXPECT_THROW(quality.add_slice(noisy_scan({1, 1, 1}, 16, 16).view()), Error);
  Scan scan = noisy_scan({1, 1}, 16, 16);
  scan.at(1, 3, 3) = {std::numeric_limits<float>::quiet_NaN(), 0};
  try {
    quality.add_slice(scan.view());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::bad_input);
    EXPECT_NE(std::string(error.what()).find("coil 1"), std::string::npos);
  }
  const std::vector<std::complex<double>> covariance{1, 0, 0, -1};
  EXPECT_THROW(quality.set_noise(ArrayView<const std::complex<double>, 2>::row_major(covariance.data(), {2, 2})),
               Error);
  EXPECT_THROW(quality.set_noise(ArrayView<const std::complex<double>, 2>::row_major(covariance.data(), {1, 4})),
               Error);
}

}  // namespace
}  // namespace mriembed
