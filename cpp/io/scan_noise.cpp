#include "scan_noise.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

#include "noise_coils.hpp"
#include "raw_noise.hpp"

namespace mriembed::io {

namespace {

void leave_out_dead_coils(ScanNoise& noise, const std::string& source) {
  std::vector<std::int64_t> live = live_coils(*noise.covariance);
  if (live.size() == noise.coils.size()) {
    return;
  }
  if (live.empty()) {
    noise.warnings.push_back("no coil has noise in " + source + ": no prewhitening");
    noise.covariance.reset();
    return;
  }
  noise.warnings.push_back(dead_coils_text(live, static_cast<std::int64_t>(noise.coils.size()), source));
  noise.covariance = covariance_of(*noise.covariance, live);
  noise.coils = std::move(live);
}

std::string group_text(const MeasuredNoise& noise) { return "group \"" + noise.name + "\""; }

ScanNoise of_all_coils(std::int64_t coils) {
  ScanNoise noise;
  noise.coils.resize(static_cast<std::size_t>(coils));
  std::iota(noise.coils.begin(), noise.coils.end(), 0);
  return noise;
}

}  // namespace

ScanNoise noise_of_scan(const MrdHeader& header, const Acquisitions& acquisitions,
                        const std::vector<std::size_t>& lines, std::int64_t coils,
                        const std::vector<MeasuredNoise>& others) {
  ScanNoise noise = of_all_coils(coils);
  std::string source = "its noise lines";
  if (!lines.empty()) {
    if (std::ranges::any_of(lines, [&](std::size_t index) { return acquisitions.headers()[index].coils != coils; })) {
      noise.warnings.emplace_back("noise lines with another number of coils than the image: no prewhitening");
      return noise;
    }
    noise.own = measured(acquisitions, lines, coils);
    noise.covariance = noise.own->covariance;
    noise.samples = noise.own->samples;
  } else if (std::optional<MeasuredNoise> other = fitting_noise(others, header, coils)) {
    noise.covariance = std::move(other->covariance);
    noise.samples = other->samples;
    noise.source = other->name;
    source = group_text(*other);
    noise.notes.push_back("noise: of " + source);
  } else {
    const auto as_many = std::ranges::find(others, coils, &MeasuredNoise::coils);
    if (as_many != others.end()) {
      noise.warnings.push_back("the noise of " + group_text(*as_many) + " is that of other coils: " +
                               difference_of_coils(header.facts.coil_names, *as_many) + ": no prewhitening");
    }
    return noise;
  }
  if (!noise.covariance.has_value()) {
    noise.warnings.push_back("too few noise samples for a covariance of " + std::to_string(coils) +
                             " coils: no prewhitening");
    return noise;
  }
  if (!is_finite(*noise.covariance)) {
    noise.warnings.push_back("NaN or infinite samples in " + source + ": no prewhitening");
    noise.covariance.reset();
    return noise;
  }
  leave_out_dead_coils(noise, source);
  if (noise.covariance.has_value() && !is_invertible(*noise.covariance)) {
    noise.warnings.push_back("the noise of a coil is a combination of that of others in " + source +
                             ": no prewhitening");
    noise.covariance.reset();
  }
  return noise;
}

ScanNoise without_noise(std::int64_t coils, bool has_lines) {
  ScanNoise noise = of_all_coils(coils);
  if (has_lines) {
    noise.notes.emplace_back("its own noise lines are left out");
  }
  return noise;
}

}  // namespace mriembed::io
