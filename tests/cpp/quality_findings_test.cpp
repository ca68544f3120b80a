#include "mriembed/quality_findings.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "mriembed/error.hpp"

namespace mriembed {
namespace {

// Five coils of noise 1 and SNR 10.
ScanQualityFigures faultless() {
  ScanQualityFigures figures;
  for (int coil = 0; coil < 5; ++coil) {
    CoilQuality& made = figures.coils.emplace_back();
    made.noise = 1;
    made.signal = 10;
    made.snr = 10;
    made.echo_contrast = 100;
  }
  figures.slices.resize(3);
  figures.interference.level = 1;
  return figures;
}

TEST(Findings, have_the_names_of_their_faults) {
  EXPECT_STREQ(name_of(Fault::zero_coil), "zero_coil");
  EXPECT_STREQ(name_of(Fault::high_noise), "high_noise");
  EXPECT_STREQ(name_of(Fault::motion), "motion");
  EXPECT_STREQ(name_of(Fault::lost_readouts), "lost_readouts");
  EXPECT_STREQ(name_of(Fault::echo), "echo");
}

TEST(Findings, are_none_where_nothing_is_wrong) { EXPECT_TRUE(findings_of(faultless()).empty()); }

TEST(Findings, name_the_coil_the_figure_and_the_limit_the_worst_first) {
  ScanQualityFigures figures = faultless();
  figures.coils[1].noise = 4.1;
  figures.coils[2].is_zero = true;
  figures.coils[4].noise = 0.1;
  const std::vector<Finding> found = findings_of(figures);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].fault, Fault::zero_coil);
  EXPECT_EQ(found[0].coil, 2);
  EXPECT_TRUE(std::isinf(found[0].severity()));
  EXPECT_EQ(found[1].fault, Fault::low_noise);
  EXPECT_EQ(found[1].coil, 4);
  EXPECT_DOUBLE_EQ(found[1].severity(), 5);  // 0.5 / 0.1
  EXPECT_EQ(found[2].fault, Fault::high_noise);
  EXPECT_EQ(found[2].coil, 1);
  EXPECT_DOUBLE_EQ(found[2].value, 4.1);
  EXPECT_DOUBLE_EQ(found[2].limit, QualityLimits().high_noise);
}

TEST(Findings, tell_a_coil_without_signal) {
  ScanQualityFigures figures = faultless();
  figures.coils[3].echo_contrast = 1.1;
  const std::vector<Finding> found = findings_of(figures);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].fault, Fault::no_signal);
  EXPECT_EQ(found[0].coil, 3);
}

TEST(Findings, tell_a_coil_that_is_noisy_in_the_scan_and_not_in_the_noise_measurement) {
  ScanQualityFigures figures = faultless();
  for (CoilQuality& coil : figures.coils) {
    coil.scan_noise = 0.5;  // of another bandwidth
  }
  EXPECT_TRUE(findings_of(figures).empty());
  figures.coils[2].scan_noise = 5;
  const std::vector<Finding> found = findings_of(figures);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].fault, Fault::scan_noise);
  EXPECT_EQ(found[0].coil, 2);
  EXPECT_DOUBLE_EQ(found[0].value, 10);
}

TEST(Findings, are_none_of_weak_coils_that_have_a_signal) {
  ScanQualityFigures figures = faultless();
  figures.coils[1].snr = 0.2;
  figures.coils[1].echo_contrast = 5;
  EXPECT_TRUE(findings_of(figures).empty());
  EXPECT_EQ(weak_coils(figures), std::vector<std::int64_t>{1});
  figures.coils[1].echo_contrast = 1;
  EXPECT_TRUE(weak_coils(figures).empty());
  EXPECT_EQ(findings_of(figures).size(), 1U);
}

TEST(Findings, tell_coils_that_change_and_lost_lines_of_a_slice) {
  ScanQualityFigures figures = faultless();
  figures.slices[0].coil_change = 3;
  figures.slices[0].coil_change_coil = 4;
  figures.slices[1].signal_change = 200;
  figures.slices[1].signal_change_coil = 3;
  figures.slices[2].lost_lines = 2;
  const std::vector<Finding> found = findings_of(figures);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].fault, Fault::signal_change);
  EXPECT_EQ(found[0].coil, 3);
  EXPECT_EQ(found[0].slice, 1);
  EXPECT_EQ(found[1].fault, Fault::coil_change);
  EXPECT_EQ(found[1].coil, 4);
  EXPECT_EQ(found[2].fault, Fault::lost_lines);
  EXPECT_DOUBLE_EQ(found[2].value, 2);
}

TEST(Findings, tell_an_echo_far_from_the_centre_where_there_is_an_object) {
  ScanQualityFigures figures = faultless();
  figures.slices[1].echo_y = -6;
  figures.slices[1].echo_x = 30;
  EXPECT_TRUE(findings_of(figures).empty()) << "noise alone";
  figures.slices[1].echo_contrast = 50;
  const std::vector<Finding> found = findings_of(figures);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].fault, Fault::echo);
  EXPECT_DOUBLE_EQ(found[0].value, 30);
}

TEST(Findings, name_a_correlated_pair_once) {
  ScanQualityFigures figures = faultless();
  figures.coils[1].correlation = figures.coils[3].correlation = 0.9;
  figures.coils[1].correlated_with = 3;
  figures.coils[3].correlated_with = 1;
  const std::vector<Finding> found = findings_of(figures);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].coil, 1);
}

TEST(Findings, tell_interference_clipping_and_spikes) {
  ScanQualityFigures figures = faultless();
  figures.interference = {50, 0.2, 2};
  figures.coils[0].clipped = 20;
  figures.slices[1].spike.level = 1000;
  const std::vector<Finding> found = findings_of(figures);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].fault, Fault::spike);
  EXPECT_EQ(found[0].slice, 1);
  EXPECT_EQ(found[1].fault, Fault::interference);
  EXPECT_EQ(found[1].coil, 2);
  EXPECT_EQ(found[2].fault, Fault::clipped);
}

TEST(Findings, tell_ghosts_of_either_sign_and_motion) {
  ScanQualityFigures figures = faultless();
  figures.slices[0].ghost_phase = -0.3;
  figures.slices[2].motion_level = 5;
  const std::vector<Finding> found = findings_of(figures);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].fault, Fault::ghost);
  EXPECT_EQ(found[0].slice, 0);
  EXPECT_DOUBLE_EQ(found[0].value, 0.3);
  EXPECT_EQ(found[1].fault, Fault::motion);
  EXPECT_EQ(found[1].slice, 2);
}

TEST(Findings, tell_no_motion_where_a_ghost_or_interference_disturbs_all_lines) {
  ScanQualityFigures figures = faultless();
  figures.slices[0].motion_level = 30;
  figures.slices[0].ghost_phase = 0.3;
  std::vector<Finding> found = findings_of(figures);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].fault, Fault::ghost);
  figures.slices[0].ghost_phase = 0;
  figures.interference.level = 50;
  found = findings_of(figures);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].fault, Fault::interference);
}

TEST(Findings, tell_the_spike_that_is_farther_beyond_its_limit) {
  ScanQualityFigures figures = faultless();
  const QualityLimits limits;
  figures.slices[0].spike = {1, 2, 2 * limits.spike, 0.1};
  figures.slices[0].residual_spike = {3, 4, 3 * limits.residual_spike, 0.05};
  std::vector<Finding> found = findings_of(figures);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].fault, Fault::spike);
  EXPECT_EQ(found[0].limit, limits.residual_spike);
  EXPECT_EQ(told_spike(figures.slices[0], limits).spike.y, 3);
  figures.slices[0].residual_spike.level = limits.residual_spike / 2;
  found = findings_of(figures);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].limit, limits.spike);
  EXPECT_FALSE(told_spike(figures.slices[0], limits).of_residual);
}

TEST(Findings, tell_lost_readouts_of_a_slice_and_a_coil) {
  ScanQualityFigures figures = faultless();
  figures.slices[1].zero_readouts = 3;
  figures.slices[1].zero_readouts_coil = 2;
  const std::vector<Finding> found = findings_of(figures);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].fault, Fault::lost_readouts);
  EXPECT_EQ(found[0].coil, 2);
  EXPECT_EQ(found[0].slice, 1);
  EXPECT_EQ(found[0].severity(), 3);
  QualityLimits limits;
  limits.zero_readouts = 4;
  EXPECT_TRUE(findings_of(figures, limits).empty());
}

TEST(Findings, of_coils_are_judged_by_limits_of_their_own) {
  ScanQualityFigures figures = faultless();
  figures.coils[0].clipped = 100;
  figures.coils[1].clipped = 100;
  std::vector<QualityLimits> of_coils(figures.coils.size());
  of_coils[0].clipped = 200;
  const std::vector<Finding> found = findings_of(figures, {}, of_coils);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].coil, 1);
  of_coils.pop_back();
  EXPECT_THROW(findings_of(figures, {}, of_coils), Error);
}

TEST(Findings, compare_no_coils_where_less_than_three_have_figures) {
  ScanQualityFigures figures = faultless();
  figures.coils.resize(2);
  figures.coils[0].noise = 100;
  EXPECT_TRUE(findings_of(figures).empty());
}

// Of five coils of noise 1.
NoiseReference reference_of(double noise) { return {std::vector<double>(5, noise), false}; }

TEST(Findings, against_a_reference_are_none_where_the_noise_is_the_same) {
  const QualityLimits limits;
  for (const double noise : {1.0, 1.01 / limits.noise_increase, 0.99 / limits.noise_decrease}) {
    EXPECT_TRUE(findings_of(faultless(), {}, {}, reference_of(noise)).empty()) << noise;
  }
}

TEST(Findings, tell_more_and_less_noise_of_all_coils_than_in_the_reference_once) {
  std::vector<Finding> found = findings_of(faultless(), {}, {}, reference_of(1.0 / 3));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].fault, Fault::noise_increase);
  EXPECT_EQ(found[0].coil, -1);
  EXPECT_DOUBLE_EQ(found[0].value, 3);
  EXPECT_EQ(found[0].limit, QualityLimits().array_noise_increase);
  EXPECT_DOUBLE_EQ(found[0].severity(), 3 / QualityLimits().array_noise_increase);
  found = findings_of(faultless(), {}, {}, reference_of(4));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].fault, Fault::noise_decrease);
  EXPECT_DOUBLE_EQ(found[0].value, 0.25);
  EXPECT_DOUBLE_EQ(found[0].severity(), QualityLimits().array_noise_decrease / 0.25);
}

TEST(Findings, tell_the_coil_whose_noise_differs_from_the_reference) {
  NoiseReference reference = reference_of(1);
  reference.noise[2] = 0.25;
  reference.noise[4] = 0;  // not known
  const std::vector<Finding> found = findings_of(faultless(), {}, {}, reference);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].fault, Fault::noise_increase);
  EXPECT_EQ(found[0].coil, 2);
  EXPECT_DOUBLE_EQ(found[0].value, 4);
  EXPECT_EQ(found[0].limit, QualityLimits().noise_increase);
  std::vector<QualityLimits> of_coils(5);
  of_coils[2].noise_increase = 5;
  EXPECT_TRUE(findings_of(faultless(), {}, of_coils, reference).empty());
}

TEST(Findings, compare_coils_with_the_change_of_the_array_where_it_is_a_finding) {
  NoiseReference reference = reference_of(1.0 / 3);
  reference.noise[1] = 1;  // three times less than the others rose
  const std::vector<Finding> found = findings_of(faultless(), {}, {}, reference);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].coil, 1);
  EXPECT_EQ(found[0].fault, Fault::noise_decrease);
  EXPECT_DOUBLE_EQ(found[0].value, 1.0 / 3);
  EXPECT_EQ(found[1].coil, -1);
}

TEST(Findings, compare_no_measured_noise_with_an_estimate_and_refuse_other_coils) {
  NoiseReference reference = reference_of(0.1);
  reference.is_estimated = true;
  EXPECT_TRUE(findings_of(faultless(), {}, {}, reference).empty());
  EXPECT_EQ(noise_change(faultless(), reference).of_coils, std::vector<double>(5, 0));
  reference.noise.pop_back();
  EXPECT_THROW(findings_of(faultless(), {}, {}, reference), Error);
}

TEST(Findings, of_estimated_correlations_allow_for_the_number_of_samples) {
  ScanQualityFigures figures = faultless();
  figures.coils[1].correlation = figures.coils[3].correlation = 0.6;
  figures.coils[1].correlated_with = 3;
  figures.coils[3].correlated_with = 1;
  EXPECT_EQ(findings_of(figures).size(), 1U);
  figures.correlation_samples = 200;  // 4 x (1 - 0.5^2) / 400^1/2 = 0.15
  EXPECT_TRUE(findings_of(figures).empty());
  figures.correlation_samples = 20000;
  const std::vector<Finding> found = findings_of(figures);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_DOUBLE_EQ(found[0].limit, 0.515);
}

TEST(Findings, go_by_the_limits_that_are_given) {
  ScanQualityFigures figures = faultless();
  figures.coils[1].noise = 4.1;
  QualityLimits limits;
  limits.high_noise = 5;
  EXPECT_TRUE(findings_of(figures, limits).empty());
}

}  // namespace
}  // namespace mriembed
