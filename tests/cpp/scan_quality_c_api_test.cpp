#include <gtest/gtest.h>

#include <algorithm>
#include <cfenv>
#include <cmath>
#include <complex>
#include <cstddef>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "mriembed/quality_findings.hpp"
#include "mriembed/scan_quality.h"
#include "mriembed/scan_quality.hpp"

namespace {

constexpr std::int64_t coils = 5;
constexpr std::int64_t height = 48;
constexpr std::int64_t width = 64;

// Noise around a bright centre; the noise of coil 2 is five times that of the others.
class ScanQualityCApi : public testing::Test {
 protected:
  void SetUp() override {
    std::mt19937 generator(3);
    std::normal_distribution<float> normal;
    for (std::int64_t coil = 0; coil < coils; ++coil) {
      const float noise = coil == 2 ? 5.0F : 1.0F;
      for (std::int64_t sample = 0; sample < height * width; ++sample) {
        const float real = noise * normal(generator);
        samples.emplace_back(real, noise * normal(generator));
      }
      const std::int64_t centre = (coil * height + height / 2) * width + width / 2;
      samples[static_cast<std::size_t>(centre)] += 1000.0F;
      samples[static_cast<std::size_t>(centre - width)] += 200.0F;  // a spike would be in one line alone
    }
    ASSERT_EQ(mriembed_scan_quality_create(coils, &quality, &error), MRIEMBED_OK) << error.message;
  }
  void TearDown() override { mriembed_scan_quality_destroy(quality); }

  mriembed_status add() {
    return mriembed_scan_quality_add_slice(quality, reinterpret_cast<const float*>(samples.data()), shape, nullptr,
                                           &error);
  }

  std::vector<std::complex<float>> samples;
  const std::int64_t shape[3] = {coils, height, width};
  mriembed_scan_quality* quality = nullptr;
  mriembed_error error{};
};

TEST_F(ScanQualityCApi, figures_do_not_depend_on_the_hosts_rounding) {
  const auto noise_of_coils = [&](int rounding) {
    const mriembed::ArrayView<const std::complex<float>, 3> slice =
        mriembed::ArrayView<const std::complex<float>, 3>::row_major(samples.data(), {coils, height, width});
    std::fesetround(rounding);
    mriembed::ScanQuality of_slice(coils);
    of_slice.add_slice(slice);
    const mriembed::ScanQualityFigures figures = of_slice.figures();
    EXPECT_EQ(std::fegetround(), rounding);
    std::fesetround(FE_TONEAREST);
    std::vector<double> noise;
    for (const mriembed::CoilQuality& coil : figures.coils) {
      noise.insert(noise.end(), {coil.noise, coil.signal, coil.snr});
    }
    return noise;
  };
  EXPECT_EQ(noise_of_coils(FE_UPWARD), noise_of_coils(FE_TONEAREST));
}

TEST_F(ScanQualityCApi, gives_the_figures_of_the_cpp_interface) {
  mriembed::ScanQuality expected_quality(coils);
  expected_quality.add_slice(
      mriembed::ArrayView<const std::complex<float>, 3>::row_major(samples.data(), {coils, height, width}));
  const mriembed::ScanQualityFigures expected = expected_quality.figures();

  EXPECT_EQ(mriembed_scan_quality_slices(quality), 0);
  ASSERT_EQ(add(), MRIEMBED_OK) << error.message;
  EXPECT_EQ(mriembed_scan_quality_slices(quality), 1);
  for (std::int64_t coil = 0; coil < coils; ++coil) {
    const mriembed::CoilQuality& of = expected.coils[static_cast<std::size_t>(coil)];
    mriembed_coil_quality found{};
    found.struct_size = sizeof(found);
    ASSERT_EQ(mriembed_scan_quality_coil(quality, coil, &found, &error), MRIEMBED_OK) << error.message;
    EXPECT_EQ(found.noise, of.noise);
    EXPECT_EQ(found.noise_is_estimated, 1);
    EXPECT_EQ(found.signal, of.signal);
    EXPECT_EQ(found.signal_share, of.signal_share);
    EXPECT_EQ(found.snr, of.snr);
    EXPECT_EQ(found.correlated_with, -1);
    EXPECT_EQ(found.clipped, of.clipped);
    EXPECT_EQ(found.is_zero, 0);
    EXPECT_EQ(found.echo_contrast, of.echo_contrast);
    EXPECT_EQ(found.scan_noise, of.scan_noise);
  }
  mriembed_slice_quality slice{};
  slice.struct_size = sizeof(slice);
  ASSERT_EQ(mriembed_scan_quality_slice(quality, 0, &slice, &error), MRIEMBED_OK) << error.message;
  EXPECT_EQ(slice.lines, height);
  EXPECT_EQ(slice.measured_lines, height);
  EXPECT_EQ(slice.spike_level, expected.slices[0].spike.level);
  EXPECT_EQ(slice.spike_y, expected.slices[0].spike.y);
  EXPECT_EQ(slice.echo_x, 0);
  EXPECT_EQ(slice.lines_are_judged, 0);
  EXPECT_EQ(slice.ghost_phase, expected.slices[0].ghost_phase);
  EXPECT_EQ(slice.ghost_is_judged, expected.slices[0].ghost_is_judged ? 1 : 0);
  EXPECT_EQ(slice.motion_line, expected.slices[0].motion_line);
  EXPECT_EQ(slice.echo_contrast, expected.slices[0].echo_contrast);
  EXPECT_GT(slice.echo_contrast, 8);
  EXPECT_EQ(slice.signal_change, 1);
  EXPECT_EQ(slice.signal_change_coil, -1);
  EXPECT_EQ(slice.coil_change_is_judged, 1);
  EXPECT_EQ(slice.coil_change, expected.slices[0].coil_change);
  EXPECT_EQ(slice.coil_change_coil, expected.slices[0].coil_change_coil);
  EXPECT_EQ(slice.coil_change_line, expected.slices[0].coil_change_line);
  EXPECT_EQ(slice.lost_lines, 0);
  mriembed_interference interference{};
  interference.struct_size = sizeof(interference);
  ASSERT_EQ(mriembed_scan_quality_interference(quality, &interference, &error), MRIEMBED_OK);
  EXPECT_EQ(interference.level, expected.interference.level);
  EXPECT_EQ(interference.frequency, expected.interference.frequency);
}

TEST_F(ScanQualityCApi, names_the_coil_at_fault_and_takes_other_limits) {
  ASSERT_EQ(add(), MRIEMBED_OK);
  std::int64_t count = 0;
  ASSERT_EQ(mriembed_scan_quality_find(quality, nullptr, &count, &error), MRIEMBED_OK);
  ASSERT_EQ(count, 1);
  mriembed_finding finding{};
  finding.struct_size = sizeof(finding);
  ASSERT_EQ(mriembed_scan_quality_finding(quality, 0, &finding, &error), MRIEMBED_OK);
  EXPECT_EQ(finding.fault, MRIEMBED_HIGH_NOISE);
  EXPECT_STREQ(mriembed_fault_name(finding.fault), "high_noise");
  EXPECT_EQ(finding.coil, 2);
  EXPECT_EQ(finding.slice, -1);
  EXPECT_NEAR(finding.value, 5, 0.5);
  EXPECT_EQ(finding.limit, 2);
  EXPECT_EQ(finding.severity, finding.value / finding.limit);
  EXPECT_EQ(mriembed_scan_quality_finding(quality, 1, &finding, &error), MRIEMBED_INVALID_ARGUMENT);

  mriembed_quality_limits limits;
  mriembed_quality_limits_init(&limits);
  limits.high_noise = 8;
  ASSERT_EQ(mriembed_scan_quality_find(quality, &limits, &count, &error), MRIEMBED_OK);
  EXPECT_EQ(count, 0);
  EXPECT_EQ(mriembed_fault_name(static_cast<mriembed_fault>(18)), nullptr);
}

TEST_F(ScanQualityCApi, compares_the_noise_with_that_of_a_reference) {
  ASSERT_EQ(add(), MRIEMBED_OK);
  std::vector<double> noise;
  for (std::int64_t coil = 0; coil < coils; ++coil) {
    mriembed_coil_quality figures{};
    figures.struct_size = sizeof(figures);
    ASSERT_EQ(mriembed_scan_quality_coil(quality, coil, &figures, &error), MRIEMBED_OK);
    ASSERT_NE(figures.noise_is_estimated, 0);
    noise.push_back(figures.noise / 3);
  }
  std::int64_t count = 0;
  ASSERT_EQ(mriembed_scan_quality_set_reference(quality, noise.data(), 1, &error), MRIEMBED_OK);
  ASSERT_EQ(mriembed_scan_quality_find(quality, nullptr, &count, &error), MRIEMBED_OK);
  ASSERT_EQ(count, 2);  // and the coil with more noise than the others
  mriembed_finding finding{};
  finding.struct_size = sizeof(finding);
  ASSERT_EQ(mriembed_scan_quality_finding(quality, 1, &finding, &error), MRIEMBED_OK);
  EXPECT_EQ(finding.fault, MRIEMBED_NOISE_INCREASE);
  EXPECT_STREQ(mriembed_fault_name(finding.fault), "noise_increase");
  EXPECT_EQ(finding.coil, -1);
  EXPECT_DOUBLE_EQ(finding.value, 3);
  for (const auto& [reference, estimated] : {std::pair<const double*, int>{noise.data(), 0}, {nullptr, 1}}) {
    ASSERT_EQ(mriembed_scan_quality_set_reference(quality, reference, estimated, &error), MRIEMBED_OK);
    ASSERT_EQ(mriembed_scan_quality_find(quality, nullptr, &count, &error), MRIEMBED_OK);
    EXPECT_EQ(count, 1);
  }
}

TEST_F(ScanQualityCApi, takes_other_limits_for_one_coil) {
  ASSERT_EQ(add(), MRIEMBED_OK);
  std::int64_t count = 0;
  mriembed_quality_limits limits;
  mriembed_quality_limits_init(&limits);
  limits.high_noise = 10;
  limits.low_snr = 0;
  ASSERT_EQ(mriembed_scan_quality_set_coil_limits(quality, 2, &limits, &error), MRIEMBED_OK) << error.message;
  ASSERT_EQ(mriembed_scan_quality_find(quality, nullptr, &count, &error), MRIEMBED_OK);
  EXPECT_EQ(count, 0) << "five times the median's noise is borne in coil 2";

  ASSERT_EQ(mriembed_scan_quality_set_coil_limits(quality, 2, nullptr, &error), MRIEMBED_OK);
  ASSERT_EQ(mriembed_scan_quality_set_coil_limits(quality, 1, &limits, &error), MRIEMBED_OK);
  ASSERT_EQ(mriembed_scan_quality_find(quality, nullptr, &count, &error), MRIEMBED_OK);
  mriembed_finding finding{};
  finding.struct_size = sizeof(finding);
  ASSERT_EQ(mriembed_scan_quality_finding(quality, 0, &finding, &error), MRIEMBED_OK);
  EXPECT_EQ(finding.fault, MRIEMBED_HIGH_NOISE);
  EXPECT_EQ(finding.coil, 2);

  EXPECT_EQ(mriembed_scan_quality_set_coil_limits(quality, coils, &limits, &error), MRIEMBED_INVALID_ARGUMENT);
  EXPECT_EQ(std::string(error.message), "coil 5 of 5; they count from 0");
  EXPECT_EQ(mriembed_scan_quality_set_coil_limits(quality, -1, &limits, &error), MRIEMBED_INVALID_ARGUMENT);
}

TEST_F(ScanQualityCApi, takes_measured_noise_and_counts_later_slices) {
  ASSERT_EQ(add(), MRIEMBED_OK);
  mriembed_coil_quality coil{};
  coil.struct_size = sizeof(coil);
  ASSERT_EQ(mriembed_scan_quality_coil(quality, 1, &coil, &error), MRIEMBED_OK);
  EXPECT_EQ(coil.noise_is_estimated, 1);
  std::vector<std::complex<double>> covariance(coils * coils);
  for (std::size_t place = 0; place < covariance.size(); place += coils + 1) {
    covariance[place] = 9;
  }
  ASSERT_EQ(mriembed_scan_quality_set_noise(quality, reinterpret_cast<const double*>(covariance.data()), &error),
            MRIEMBED_OK);
  ASSERT_EQ(add(), MRIEMBED_OK);
  ASSERT_EQ(mriembed_scan_quality_coil(quality, 1, &coil, &error), MRIEMBED_OK);
  EXPECT_EQ(coil.noise, 3);
  EXPECT_EQ(coil.noise_is_estimated, 0);
  EXPECT_EQ(mriembed_scan_quality_slices(quality), 2);
}

TEST_F(ScanQualityCApi, reads_any_strides) {
  std::vector<std::complex<float>> turned(samples.size());  // (x, y, coil)
  for (std::int64_t coil = 0; coil < coils; ++coil) {
    for (std::int64_t y = 0; y < height; ++y) {
      for (std::int64_t x = 0; x < width; ++x) {
        turned[static_cast<std::size_t>((x * height + y) * coils + coil)] =
            samples[static_cast<std::size_t>((coil * height + y) * width + x)];
      }
    }
  }
  ASSERT_EQ(add(), MRIEMBED_OK);
  mriembed_coil_quality expected{};
  expected.struct_size = sizeof(expected);
  ASSERT_EQ(mriembed_scan_quality_coil(quality, 3, &expected, &error), MRIEMBED_OK);
  mriembed_scan_quality* other = nullptr;
  ASSERT_EQ(mriembed_scan_quality_create(coils, &other, &error), MRIEMBED_OK);
  const std::int64_t strides[] = {1, coils, height * coils};
  ASSERT_EQ(
      mriembed_scan_quality_add_slice(other, reinterpret_cast<const float*>(turned.data()), shape, strides, &error),
      MRIEMBED_OK);
  mriembed_coil_quality found{};
  found.struct_size = sizeof(found);
  ASSERT_EQ(mriembed_scan_quality_coil(other, 3, &found, &error), MRIEMBED_OK);
  EXPECT_EQ(found.signal, expected.signal);
  EXPECT_EQ(found.noise, expected.noise);
  mriembed_scan_quality_destroy(other);
}

TEST_F(ScanQualityCApi, fills_the_part_of_a_struct_that_an_older_caller_has) {
  ASSERT_EQ(add(), MRIEMBED_OK);
  mriembed_coil_quality coil{};
  coil.is_zero = 77;
  coil.struct_size = offsetof(mriembed_coil_quality, clipped);
  ASSERT_EQ(mriembed_scan_quality_coil(quality, 0, &coil, &error), MRIEMBED_OK);
  EXPECT_GT(coil.noise, 0);
  EXPECT_EQ(coil.is_zero, 77);
  coil.struct_size = sizeof(coil) + 8;
  EXPECT_EQ(mriembed_scan_quality_coil(quality, 0, &coil, &error), MRIEMBED_INVALID_ARGUMENT);
  EXPECT_NE(std::string(error.message).find("struct_size"), std::string::npos);
}

TEST_F(ScanQualityCApi, reports_what_cannot_be) {
  mriembed_coil_quality coil{};
  coil.struct_size = sizeof(coil);
  EXPECT_EQ(mriembed_scan_quality_coil(quality, coils, &coil, &error), MRIEMBED_INVALID_ARGUMENT);
  EXPECT_EQ(mriembed_scan_quality_coil(nullptr, 0, &coil, &error), MRIEMBED_INVALID_ARGUMENT);
  EXPECT_EQ(mriembed_scan_quality_slice(quality, 0, nullptr, &error), MRIEMBED_INVALID_ARGUMENT);
  const std::int64_t wrong[] = {coils + 1, 2, 2};
  EXPECT_EQ(
      mriembed_scan_quality_add_slice(quality, reinterpret_cast<const float*>(samples.data()), wrong, nullptr, nullptr),
      MRIEMBED_INVALID_ARGUMENT);
  samples[7] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(add(), MRIEMBED_BAD_INPUT);
  EXPECT_EQ(mriembed_scan_quality_slices(quality), 0);
  mriembed_scan_quality* none = quality;
  EXPECT_EQ(mriembed_scan_quality_create(0, &none, &error), MRIEMBED_INVALID_ARGUMENT);
  EXPECT_EQ(none, nullptr);
  EXPECT_EQ(mriembed_scan_quality_slices(nullptr), 0);
  mriembed_scan_quality_destroy(nullptr);
}

}  // namespace
