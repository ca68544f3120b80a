#include "mriembed/quality_findings.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <tuple>
#include <utility>

#include "mriembed/error.hpp"
#include "quality/coil_contrast.hpp"

namespace mriembed {

namespace {

// Of what is above 0; 0 where less than 3 values are.
double median_of(std::vector<double> values) {
  std::erase_if(values, [](double value) { return !(value > 0); });
  constexpr std::size_t fewest = 3;
  if (values.size() < fewest) {
    return 0;
  }
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

double median_of(const std::vector<CoilQuality>& coils, double CoilQuality::* figure) {
  std::vector<double> values;
  values.reserve(coils.size());
  for (const CoilQuality& coil : coils) {
    values.push_back(coil.*figure);
  }
  return median_of(std::move(values));
}

// Of a correlation from so many samples; 0: many. The magnitude of a sample correlation r of N complex samples
// deviates by (1 - r^2) / (2 N)^1/2; four of these are added to the limit.
double correlation_limit(double limit, std::int64_t samples) {
  return samples > 0 ? limit + 4 * std::max(0.0, 1 - limit * limit) / std::sqrt(2 * static_cast<double>(samples))
                     : limit;
}

// Of the noise in the scan over that of the noise measurement: bandwidth and averages change it in all coils alike.
double common_scan_noise(const std::vector<CoilQuality>& coils) {
  std::vector<double> ratios;
  ratios.reserve(coils.size());
  for (const CoilQuality& coil : coils) {
    ratios.push_back(coil.noise > 0 ? coil.scan_noise / coil.noise : 0);
  }
  return median_of(std::move(ratios));
}

void add_coil_findings(const ScanQualityFigures& figures, const QualityLimits& of_array,
                       const std::vector<QualityLimits>& of_coils, std::vector<Finding>& found) {
  const double noise = array_medians(figures).noise;
  const double common = common_scan_noise(figures.coils);
  for (std::size_t index = 0; index < figures.coils.size(); ++index) {
    const CoilQuality& coil = figures.coils[index];
    const QualityLimits& limits = of_coils.empty() ? of_array : of_coils[index];
    const auto number = static_cast<std::int64_t>(index);
    if (coil.is_zero) {
      found.push_back({Fault::zero_coil, number, -1, 0, 0});
      continue;
    }
    if (noise > 0 && coil.noise > limits.high_noise * noise) {
      found.push_back({Fault::high_noise, number, -1, coil.noise / noise, limits.high_noise});
    }
    if (noise > 0 && coil.noise > 0 && coil.noise < limits.low_noise * noise) {
      found.push_back({Fault::low_noise, number, -1, coil.noise / noise, limits.low_noise});
    }
    if (coil.echo_contrast > 0 && coil.echo_contrast < limits.no_signal) {
      found.push_back({Fault::no_signal, number, -1, coil.echo_contrast, limits.no_signal});
    }
    const double scan_noise = common > 0 && coil.noise > 0 ? coil.scan_noise / coil.noise / common : 0;
    if (scan_noise > limits.scan_noise) {
      found.push_back({Fault::scan_noise, number, -1, scan_noise, limits.scan_noise});
    }
    const double correlation = correlation_limit(limits.correlation, figures.correlation_samples);
    if (coil.correlation > correlation && number < coil.correlated_with) {
      found.push_back({Fault::correlated, number, -1, coil.correlation, correlation});
    } else if (coil.correlation > correlation) {
      // Said of the first of the two, unless that one is nearer to a third.
      const CoilQuality& other = figures.coils[static_cast<std::size_t>(coil.correlated_with)];
      if (other.correlated_with != number) {
        found.push_back({Fault::correlated, number, -1, coil.correlation, correlation});
      }
    }
    if (static_cast<double>(coil.clipped) >= limits.clipped) {
      found.push_back({Fault::clipped, number, -1, static_cast<double>(coil.clipped), limits.clipped});
    }
  }
}

void add_noise_change(const NoiseChange& change, const QualityLimits& of_array,
                      const std::vector<QualityLimits>& of_coils, std::vector<Finding>& found) {
  double common = 1;  // change of all coils that is a finding of its own
  const auto add = [&](std::int64_t coil, double value, double highest, double lowest) {
    if (value > highest) {
      found.push_back({Fault::noise_increase, coil, -1, value, highest});
    } else if (value > 0 && value < lowest) {
      found.push_back({Fault::noise_decrease, coil, -1, value, lowest});
    } else {
      return false;
    }
    return true;
  };
  if (add(-1, change.of_array, of_array.array_noise_increase, of_array.array_noise_decrease)) {
    common = change.of_array;
  }
  for (std::size_t coil = 0; coil < change.of_coils.size(); ++coil) {
    const QualityLimits& limits = of_coils.empty() ? of_array : of_coils[coil];
    add(static_cast<std::int64_t>(coil), change.of_coils[coil] / common, limits.noise_increase, limits.noise_decrease);
  }
}

// `interfered`: there is interference in the scan.
void add_slice_findings(const SliceQuality& slice, std::int64_t number, const QualityLimits& limits, bool interfered,
                        std::vector<Finding>& found) {
  if (const ToldSpike told = told_spike(slice, limits); told.spike.level > told.limit) {
    found.push_back({Fault::spike, -1, number, told.spike.level, told.limit});
  }
  if (const auto lost = static_cast<double>(slice.zero_readouts); lost > 0 && lost >= limits.zero_readouts) {
    found.push_back({Fault::lost_readouts, slice.zero_readouts_coil, number, lost, limits.zero_readouts});
  }
  if (const auto lost = static_cast<double>(slice.lost_lines); lost > 0 && lost >= limits.lost_lines) {
    found.push_back({Fault::lost_lines, -1, number, lost, limits.lost_lines});
  }
  const bool ghosted = std::abs(slice.ghost_phase) > limits.ghost_phase;
  if (ghosted) {
    found.push_back({Fault::ghost, -1, number, std::abs(slice.ghost_phase), limits.ghost_phase});
  }
  // Both make lines differ from their neighbours all over the slice.
  if (!interfered && !ghosted && slice.motion_level > limits.motion_level) {
    found.push_back({Fault::motion, -1, number, slice.motion_level, limits.motion_level});
  }
  if (slice.signal_change > limits.signal_change) {
    found.push_back(
        {Fault::signal_change, slice.signal_change_coil, number, slice.signal_change, limits.signal_change});
  }
  if (slice.coil_change > limits.coil_change) {
    found.push_back({Fault::coil_change, slice.coil_change_coil, number, slice.coil_change, limits.coil_change});
  }
  const auto displacement = static_cast<double>(std::max(std::abs(slice.echo_y), std::abs(slice.echo_x)));
  if (slice.echo_contrast >= quality::least_contrast && displacement > limits.echo) {
    found.push_back({Fault::echo, -1, number, displacement, limits.echo});
  }
}

}  // namespace

const char* name_of(Fault fault) {
  switch (fault) {
    case Fault::zero_coil:
      return "zero_coil";
    case Fault::no_signal:
      return "no_signal";
    case Fault::high_noise:
      return "high_noise";
    case Fault::low_noise:
      return "low_noise";
    case Fault::correlated:
      return "correlated";
    case Fault::clipped:
      return "clipped";
    case Fault::interference:
      return "interference";
    case Fault::spike:
      return "spike";
    case Fault::ghost:
      return "ghost";
    case Fault::motion:
      return "motion";
    case Fault::lost_readouts:
      return "lost_readouts";
    case Fault::noise_increase:
      return "noise_increase";
    case Fault::noise_decrease:
      return "noise_decrease";
    case Fault::signal_change:
      return "signal_change";
    case Fault::coil_change:
      return "coil_change";
    case Fault::scan_noise:
      return "scan_noise";
    case Fault::lost_lines:
      return "lost_lines";
    case Fault::echo:
      return "echo";
  }
  return "";
}

ArrayMedians array_medians(const ScanQualityFigures& figures) {
  return {median_of(figures.coils, &CoilQuality::noise), median_of(figures.coils, &CoilQuality::snr)};
}

std::vector<std::int64_t> weak_coils(const ScanQualityFigures& figures, const QualityLimits& limits,
                                     const std::vector<QualityLimits>& of_coils) {
  const double snr = array_medians(figures).snr;
  std::vector<std::int64_t> weak;
  for (std::size_t index = 0; index < figures.coils.size(); ++index) {
    const CoilQuality& coil = figures.coils[index];
    const QualityLimits& of_coil = of_coils.empty() ? limits : of_coils[index];
    if (coil.noise > 0 && coil.snr < of_coil.low_snr * snr && coil.echo_contrast >= of_coil.no_signal) {
      weak.push_back(static_cast<std::int64_t>(index));
    }
  }
  return weak;
}

NoiseChange noise_change(const ScanQualityFigures& figures, const NoiseReference& reference) {
  NoiseChange change;
  change.of_coils.assign(figures.coils.size(), 0);
  if (reference.noise.empty()) {
    return change;
  }
  if (reference.noise.size() != figures.coils.size()) {
    throw Error(ErrorCode::invalid_argument, "a noise reference of " + std::to_string(reference.noise.size()) +
                                                 " coils for " + std::to_string(figures.coils.size()) +
                                                 "; each coil needs its own");
  }
  for (std::size_t index = 0; index < figures.coils.size(); ++index) {
    const CoilQuality& coil = figures.coils[index];
    const double noise = reference.noise[index];
    if (coil.noise_is_estimated == reference.is_estimated && noise > 0) {
      change.of_coils[index] = coil.noise / noise;
    }
  }
  change.of_array = median_of(change.of_coils);
  return change;
}

ToldSpike told_spike(const SliceQuality& slice, const QualityLimits& limits) {
  if (slice.residual_spike.level / limits.residual_spike > slice.spike.level / limits.spike) {
    return {slice.residual_spike, limits.residual_spike, true};
  }
  return {slice.spike, limits.spike, false};
}

double Finding::severity() const {
  const bool below = fault == Fault::low_noise || fault == Fault::no_signal || fault == Fault::noise_decrease;
  if (fault == Fault::zero_coil || (below && value <= 0)) {
    return std::numeric_limits<double>::infinity();
  }
  return below ? limit / value : value / limit;
}

std::vector<Finding> findings_of(const ScanQualityFigures& figures, const QualityLimits& limits,
                                 const std::vector<QualityLimits>& of_coils, const NoiseReference& reference) {
  if (!of_coils.empty() && of_coils.size() != figures.coils.size()) {
    throw Error(ErrorCode::invalid_argument, "limits of " + std::to_string(of_coils.size()) + " coils for " +
                                                 std::to_string(figures.coils.size()) + "; each coil needs its own");
  }
  std::vector<Finding> found;
  add_coil_findings(figures, limits, of_coils, found);
  add_noise_change(noise_change(figures, reference), limits, of_coils, found);
  const bool interfered = figures.interference.level > limits.interference;
  if (interfered) {
    found.push_back(
        {Fault::interference, figures.interference.coil, -1, figures.interference.level, limits.interference});
  }
  for (std::size_t index = 0; index < figures.slices.size(); ++index) {
    add_slice_findings(figures.slices[index], static_cast<std::int64_t>(index), limits, interfered, found);
  }
  std::ranges::sort(found, {}, [](const Finding& finding) {
    return std::tuple(-finding.severity(), finding.fault, finding.coil, finding.slice);
  });
  return found;
}

}  // namespace mriembed
