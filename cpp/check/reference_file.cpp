#include "check/reference_file.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "mriembed/error.hpp"

namespace mriembed::check {

namespace {

using Json = nlohmann::json;

// A number of the file, or `otherwise` where it is null or missing. Throws what nlohmann's get() throws.
template <typename T>
T number_or(const Json& object, const char* name, T otherwise) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? otherwise : found->get<T>();
}

ComparedCoils coils_of(const Json& measurement) {
  ComparedCoils coils;
  coils.measurement = measurement.at("measurement").get<int>();
  coils.noise_is_measured = measurement.at("noise_is_measured").get<bool>();
  coils.dead_channels = static_cast<std::int64_t>(measurement.at("dead_channels").size());
  coils.conditions = {number_or(measurement, "noise_sample_time_us", 0.0), number_or(measurement, "noise_averages", 0)};
  for (const Json& coil : measurement.at("coils")) {
    coils.channels.push_back(coil.at("channel").get<std::int64_t>());
    coils.names.push_back(coil.at("name").get<std::string>());
    coils.noise.push_back(number_or(coil, "noise", 0.0));
  }
  return coils;
}

bool is_valid(const ComparedCoils& coils) {
  const auto is_noise = [](double noise) { return std::isfinite(noise) && noise >= 0; };
  return !coils.channels.empty() && std::ranges::all_of(coils.noise, is_noise) &&
         is_noise(coils.conditions.sample_time_us) && coils.conditions.averages >= 0;
}

bool has_names(const ComparedCoils& coils) {
  return std::ranges::any_of(coils.names, [](const std::string& name) { return !name.empty(); });
}

std::int64_t array_size(const ComparedCoils& coils) {
  return static_cast<std::int64_t>(coils.channels.size()) + coils.dead_channels;
}

// For each coil of the scan the place of the same coil in the reference. A name that several coils share says which
// coil it is only together with the number.
std::vector<std::optional<std::size_t>> places_of(const ComparedCoils& scan, const ComparedCoils& reference) {
  std::vector<std::optional<std::size_t>> places(scan.channels.size());
  const bool named = has_names(scan);
  if (named != has_names(reference)) {
    return places;
  }
  for (std::size_t coil = 0; coil < places.size(); ++coil) {
    const std::string& name = scan.names[coil];
    const bool by_number =
        !named || std::ranges::count(scan.names, name) > 1 || std::ranges::count(reference.names, name) > 1;
    for (std::size_t place = 0; place < reference.channels.size(); ++place) {
      if (reference.names[place] == name && (!by_number || reference.channels[place] == scan.channels[coil])) {
        places[coil] = place;
      }
    }
  }
  // Numbers alone say nothing of an array of another size.
  const bool same_array = named || array_size(reference) == array_size(scan);
  return same_array ? places : std::vector<std::optional<std::size_t>>(places.size());
}

// The reference's noise times this is the noise at the scan's bandwidth and averages: white noise has a power that is
// proportional to the bandwidth, and the mean of n readouts has 1/n of it.
double at_conditions(const NoiseConditions& scan, const NoiseConditions& reference) {
  double power = 1;
  if (scan.sample_time_us > 0 && reference.sample_time_us > 0) {
    power *= reference.sample_time_us / scan.sample_time_us;
  }
  if (scan.averages > 0 && reference.averages > 0) {
    power *= static_cast<double>(reference.averages) / static_cast<double>(scan.averages);
  }
  return std::sqrt(power);
}

std::string assumption_of(const NoiseConditions& scan, const NoiseConditions& reference) {
  std::string unknown;
  const auto add = [&](const char* what) { unknown += (unknown.empty() ? "" : " and ") + std::string(what); };
  const bool knows_bandwidth = scan.sample_time_us > 0 && reference.sample_time_us > 0;
  if (!knows_bandwidth) {
    add("bandwidth");
  }
  if (scan.averages == 0 || reference.averages == 0) {
    add("number of averages");
  }
  return unknown.empty() ? "" : "the " + unknown + " of scan and reference were taken as equal";
}

std::string kind_of(const ComparedCoils& coils) { return coils.noise_is_measured ? "measured" : "estimated"; }

}  // namespace

ReferenceFile::ReferenceFile(std::string path) : path_(std::move(path)) {
  const auto refuse = [this](const std::string& what) { throw Error(path_, Error(ErrorCode::invalid_argument, what)); };
  std::ifstream file(path_);
  if (!file) {
    refuse("cannot be read; the output of `check --json` is expected");
  }
  std::string line;
  while (std::getline(file, line)) {
    if (line.empty()) {
      continue;
    }
    const std::string number = "measurement " + std::to_string(measurements_.size() + 1);
    try {
      const Json measurement = Json::parse(line);
      measurements_.push_back({measurement.at("file").get<std::string>(), coils_of(measurement)});
    } catch (const Json::exception&) {
      refuse(number + " is not what `check --json` writes");
    }
    if (!is_valid(measurements_.back().coils)) {
      refuse(number + " has no coils, or a noise, sample time or number of averages that cannot be");
    }
  }
  if (measurements_.empty()) {
    refuse("holds no measurement; the output of `check --json` is expected");
  }
}

ReferenceMatch ReferenceFile::matching(const ComparedCoils& scan) const {
  const Measurement* chosen = nullptr;
  std::vector<std::optional<std::size_t>> places;
  for (const Measurement& measurement : measurements_) {
    std::vector<std::optional<std::size_t>> found = places_of(scan, measurement.coils);
    const bool fits = std::ranges::any_of(found, [](const auto& place) { return place.has_value(); });
    const bool fits_better = chosen == nullptr || (chosen->coils.measurement != scan.measurement &&
                                                   measurement.coils.measurement == scan.measurement);
    if (fits && fits_better) {
      chosen = &measurement;
      places = std::move(found);
    }
  }
  ReferenceMatch match;
  match.path = path_;
  if (chosen == nullptr) {
    const ComparedCoils& first = measurements_.front().coils;
    const bool named = has_names(scan) && has_names(first);
    match.refusal = "it has other coils: " + std::to_string(array_size(first)) + " coils" +
                    (named              ? " of other names"
                     : has_names(first) ? " with names"
                                        : " without names") +
                    ", the scan " + std::to_string(array_size(scan)) +
                    (named             ? ""
                     : has_names(scan) ? " with names"
                                       : " without");
    return match;
  }
  match.scan = chosen->scan;
  const ComparedCoils& reference = chosen->coils;
  if (reference.noise_is_measured != scan.noise_is_measured) {
    match.refusal = "the noise of the scan is " + kind_of(scan) + ", that of the reference " + kind_of(reference);
    return match;
  }
  const double factor = at_conditions(scan.conditions, reference.conditions);
  std::size_t missing = 0;
  for (std::size_t coil = 0; coil < places.size(); ++coil) {
    const double noise = places[coil].has_value() ? reference.noise[*places[coil]] : 0;
    match.noise.noise.push_back(factor * noise);
    missing += noise > 0 && scan.noise[coil] > 0 ? 0 : 1;
  }
  match.noise.is_estimated = !reference.noise_is_measured;
  if (missing == places.size()) {
    match.noise.noise.clear();
    match.refusal = "its noise or that of the scan is not known";
    return match;
  }
  if (missing > 0) {
    match.refusal = std::to_string(missing) + " of " + std::to_string(places.size()) +
                    " coils are not in it, or their noise is not known";
  }
  match.assumption = assumption_of(scan.conditions, reference.conditions);
  return match;
}

}  // namespace mriembed::check
