// Which figures of a scan's quality are not as they should be. C++17, no torch.
#pragma once

#include <cstdint>
#include <vector>

#include "mriembed/export.h"
#include "mriembed/scan_quality.hpp"

namespace mriembed {

enum class Fault {
  zero_coil,      // a coil holds nothing but zeros
  no_signal,      // a coil has noise, and next to no signal
  high_noise,     // of a coil, against the array's median
  low_noise,      // the same: its gain is too low
  correlated,     // noise of two coils
  clipped,        // a coil's receiver at its limit
  interference,   // a line in the spectrum
  spike,          // one sample of a slice
  ghost,          // odd and even lines of a slice differ in phase
  motion,         // of the object, once, between two lines of a slice; told where there is no ghost and no interference
  lost_readouts,  // readouts of a coil are zero in a slice that it measured otherwise, or in other slices
};

// "zero_coil", ...: the enumerator.
MRIEMBED_EXPORT const char* name_of(Fault fault);

// A figure beyond its limit counts as a finding. Faultless simulated scans stay below
// (scripts/benchmarks/check_rates.py; rates: docs/check.md). The limit of spikes is twice what those scans need:
// k-space of phantoms with regular structures, which the simulator does not draw, reached a level of 29.
struct QualityLimits {
  double high_noise = 2;        // noise over the array's median
  double low_noise = 0.5;       // the same
  double low_snr = 0.05;        // SNR over the array's median
  double correlation = 0.5;     // of noise
  double clipped = 16;          // samples
  double interference = 6;      // Interference::level
  double spike = 40;            // Spike::level
  double ghost_phase = 0.12;    // radians
  double motion_level = 2.5;    // SliceQuality::motion_level
  double zero_readouts = 1;     // of a slice, in all coils together; so many are a finding
  double residual_spike = 200;  // Spike::level of SliceQuality::residual_spike
};

struct Finding {
  Fault fault = Fault::zero_coil;
  std::int64_t coil = -1;   // -1: the array
  std::int64_t slice = -1;  // in the order of ScanQuality::add_slice; -1: all
  double value = 0;
  double limit = 0;

  // How far beyond the limit, as a factor of at least 1.
  [[nodiscard]] MRIEMBED_EXPORT double severity() const;
};

// Which of a slice's two spikes is told: the one that is farther beyond its limit.
struct ToldSpike {
  Spike spike;
  double limit = 0;
  bool of_residual = false;
};
MRIEMBED_EXPORT ToldSpike told_spike(const SliceQuality& slice, const QualityLimits& limits);

// What coils are compared with: medians over the coils whose figure is above 0. 0 where less than 3 coils have one.
struct ArrayMedians {
  double noise = 0;
  double snr = 0;
};
MRIEMBED_EXPORT ArrayMedians array_medians(const ScanQualityFigures& figures);

// Worst first. Noise and SNR are compared with the array's median where at least 3 coils have figures. `of_coils`:
// limits of each coil, for what is found in coils; none: `limits` are those of all. Throws Error (invalid_argument) for
// another number of them.
MRIEMBED_EXPORT std::vector<Finding> findings_of(const ScanQualityFigures& figures, const QualityLimits& limits = {},
                                                 const std::vector<QualityLimits>& of_coils = {});

}  // namespace mriembed
