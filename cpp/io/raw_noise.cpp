#include "raw_noise.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "noise_coils.hpp"
#include "size_limits.hpp"
#include "slice_assembler.hpp"

namespace mriembed::io {

std::optional<MeasuredNoise> noise_of(const Acquisitions& acquisitions) {
  const std::vector<Acquisition>& headers = acquisitions.headers();
  std::vector<std::size_t> lines;
  for (std::size_t index = 0; index < headers.size(); ++index) {
    if (kind_of(headers[index]) == LineKind::noise &&
        (lines.empty() || headers[index].coils == headers[lines.front()].coils)) {
      lines.push_back(index);
    }
  }
  if (lines.empty() || headers[lines.front()].coils == 0) {
    return std::nullopt;
  }
  const std::int64_t coils = headers[lines.front()].coils;
  check_extents(coils, 1, 1, 1);
  return measured(acquisitions, lines, coils);
}

std::optional<MeasuredNoise> noise_alone(const Acquisitions& acquisitions) {
  const bool imaging = std::ranges::any_of(acquisitions.headers(),
                                           [](const Acquisition& line) { return kind_of(line) == LineKind::imaging; });
  return imaging ? std::nullopt : noise_of(acquisitions);
}

MeasuredNoise measured(const Acquisitions& acquisitions, const std::vector<std::size_t>& lines, std::int64_t coils) {
  const std::vector<Acquisition>& headers = acquisitions.headers();
  const float dwell_time = headers[lines.front()].sample_time_us;
  NoiseMeasurement measurement(coils);
  acquisitions.read(lines, [&](std::size_t index, std::span<const std::complex<float>> samples) {
    const Acquisition& line = headers[index];
    const bool known = dwell_time > 0 && line.sample_time_us > 0;
    const double power = known ? double{line.sample_time_us} / double{dwell_time} : 1.0;
    measurement.add(samples, line.discard_pre, line.discard_post, power);
  });
  std::optional<NoiseCovariance> covariance = measurement.covariance();
  if (covariance.has_value() && std::isfinite(dwell_time) && dwell_time > 0) {
    covariance->sample_time_us = double{dwell_time};
  }
  return {"", "", coils, measurement.samples(), std::move(covariance), double{dwell_time}};
}

std::optional<MeasuredNoise> fitting_noise(const std::vector<MeasuredNoise>& measurements, const MrdHeader& header,
                                           std::int64_t coils) {
  const std::vector<std::string>& names = header.facts.coil_names;
  const MeasuredNoise* fitting = nullptr;
  std::vector<std::int64_t> order;
  for (const MeasuredNoise& noise : measurements) {
    const bool named = std::ranges::find(header.noise_sources, noise.measurement_id) != header.noise_sources.end();
    if (noise.coils != coils || (fitting != nullptr && !named)) {
      continue;
    }
    if (auto found = coils_in_noise(names, noise)) {
      fitting = &noise;
      order = std::move(*found);
      if (named) {
        break;
      }
    }
  }
  if (fitting == nullptr) {
    return std::nullopt;
  }
  MeasuredNoise result = *fitting;
  result.coil_names = names;
  if (result.covariance.has_value()) {
    result.covariance = reordered(*result.covariance, order);
  }
  return result;
}

}  // namespace mriembed::io
