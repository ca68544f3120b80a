/// @file
/// Compares the figures of a scan's quality with limits. C++17, no torch.
#pragma once

#include <cstdint>
#include <vector>

#include "mriembed/export.h"
#include "mriembed/scan_quality.hpp"

namespace mriembed {

/// What is broken.
enum class Fault {
  zero_coil,       ///< a coil contains only zeros
  no_signal,       ///< a coil has noise, but no signal
  high_noise,      ///< a coil has more noise than the array's median
  low_noise,       ///< a coil has less noise than the array's median: its gain is too low
  correlated,      ///< two coils have correlated noise
  clipped,         ///< a coil's receiver is at its limit
  interference,    ///< a line in the spectrum
  spike,           ///< one sample of a slice stands out
  ghost,           ///< odd and even lines of a slice differ in phase
  motion,          ///< the object moved once, between two lines of a slice; not judged with a ghost or interference
  lost_readouts,   ///< readouts of a coil are zero, though it measured other readouts of the slice, or other slices
  noise_increase,  ///< a coil, or all coils together, have more noise than in an earlier scan
  noise_decrease,  ///< the same: less noise, because the gain fell
  signal_change,   ///< a coil lost its signal, or got it back, from one slice to the next
  coil_change,     ///< a coil's gain or phase changed while a slice was measured
  scan_noise,      ///< a coil has more noise in the scan than in the noise measurement
  lost_lines,      ///< lines of a slice are zero in all coils
  echo,            ///< k-space of a slice peaks far from its centre
};

/// The name of the enumerator: "zero_coil", ...
MRIEMBED_EXPORT const char* name_of(Fault fault);

/// A figure beyond its limit is a finding. Faultless simulated scans stay within the limits
/// (scripts/benchmarks/check_rates.py; rates: docs/check.md). The limit of spikes is twice what those scans need:
/// k-space of phantoms with regular structures, which the simulator does not draw, reached a level of 29.
struct QualityLimits {
  double high_noise = 2;               ///< noise over the array's median
  double low_noise = 0.5;              ///< the same
  double low_snr = 0.05;               ///< SNR over the array's median: no finding, see weak_coils
  double correlation = 0.5;            ///< of noise
  double clipped = 4;                  ///< samples
  double interference = 6;             ///< Interference::level
  double spike = 40;                   ///< Spike::level
  double ghost_phase = 0.12;           ///< radians
  double motion_level = 2.5;           ///< SliceQuality::motion_level
  double zero_readouts = 1;            ///< of a slice, in all coils together; this many are a finding
  double residual_spike = 200;         ///< Spike::level of SliceQuality::residual_spike
  double noise_increase = 1.5;         ///< noise of a coil over that of the reference
  double noise_decrease = 0.67;        ///< the same
  double array_noise_increase = 1.5;   ///< NoiseChange::of_array
  double array_noise_decrease = 0.67;  ///< the same
  double no_signal = 2;                ///< CoilQuality::echo_contrast
  double signal_change = 20;           ///< SliceQuality::signal_change
  double coil_change = 1;              ///< SliceQuality::coil_change
  double scan_noise = 2;               ///< CoilQuality::scan_noise over noise, over the array's median
  double lost_lines = 1;               ///< of a slice; this many are a finding
  double echo = 24;                    ///< samples from the centre, along y or x
};

/// A figure beyond its limit.
struct Finding {
  Fault fault = Fault::zero_coil;
  std::int64_t coil = -1;   ///< -1: the array
  std::int64_t slice = -1;  ///< in the order of ScanQuality::add_slice; -1: all
  double value = 0;         ///< the figure
  double limit = 0;

  /// How far beyond the limit, as a factor of at least 1.
  [[nodiscard]] MRIEMBED_EXPORT double severity() const;
};

/// The one of a slice's two spikes that is reported: the one farther beyond its limit.
struct ToldSpike {
  Spike spike;
  double limit = 0;
  bool of_residual = false;  ///< SliceQuality::residual_spike, not SliceQuality::spike
};

/// The spike of a slice that is reported.
MRIEMBED_EXPORT ToldSpike told_spike(const SliceQuality& slice, const QualityLimits& limits);

/// Medians that coils are compared with, over the coils whose figure is above 0; 0 if fewer than 3 coils have one.
struct ArrayMedians {
  double noise = 0;
  double snr = 0;
};

/// The medians of an array.
MRIEMBED_EXPORT ArrayMedians array_medians(const ScanQualityFigures& figures);

/// Coils that have a signal, but an SNR of less than `low_snr` times the array's median: they lie far from the object,
/// or are broken. `of_coils`: as in findings_of.
MRIEMBED_EXPORT std::vector<std::int64_t> weak_coils(const ScanQualityFigures& figures,
                                                     const QualityLimits& limits = {},
                                                     const std::vector<QualityLimits>& of_coils = {});

/// The noise of an earlier scan with the same array.
struct NoiseReference {
  /// Of each coil of the scan that is compared, at its bandwidth and number of averages; 0: not known. Empty: none.
  std::vector<double> noise;
  bool is_estimated = false;  ///< not from a noise measurement
};

/// Noise over that of a reference. Measured noise is compared with measured noise only, and estimated with estimated.
struct NoiseChange {
  std::vector<double> of_coils;  ///< 0 where a coil cannot be compared
  double of_array = 0;           ///< their median; 0 if fewer than 3 coils can be compared
};

/// The noise of coils over that of a reference. Throws Error (invalid_argument) for a reference of another number of
/// coils.
MRIEMBED_EXPORT NoiseChange noise_change(const ScanQualityFigures& figures, const NoiseReference& reference);

/// All findings, the worst first. Noise and SNR are compared with the array's median if at least 3 coils have figures.
/// `of_coils`: limits of each coil, for findings in coils; empty: `limits` hold for all coils. Throws Error
/// (invalid_argument) for another number of them. `reference`: an earlier scan, with whose noise that of each coil and
/// of the array is compared. If the array's noise is beyond its limit, coils are compared with the change of the array.
MRIEMBED_EXPORT std::vector<Finding> findings_of(const ScanQualityFigures& figures, const QualityLimits& limits = {},
                                                 const std::vector<QualityLimits>& of_coils = {},
                                                 const NoiseReference& reference = {});

}  // namespace mriembed
