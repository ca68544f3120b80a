#include "check/checked_scan.hpp"

#include <algorithm>
#include <string>

#include "mriembed/error.hpp"

namespace mriembed::check {

namespace {

Checked new_measurement(const io::HeaderFacts& header, const std::optional<io::NoiseCovariance>& noise, int measurement,
                        std::int64_t coils) {
  Checked checked;
  checked.measurement = measurement;
  checked.names = header.coil_names;
  if (noise.has_value()) {
    checked.dead_channels = noise->dead_channels;
    checked.noise_is_measured = true;
  }
  auto dead = checked.dead_channels.begin();
  for (std::int64_t channel = 0; static_cast<std::int64_t>(checked.channels.size()) < coils; ++channel) {
    if (dead != checked.dead_channels.end() && *dead == channel) {
      ++dead;
    } else {
      checked.channels.push_back(channel);
    }
  }
  return checked;
}

// The noise of a measurement as it is in slices of another bandwidth and number of averages: the power of white noise
// is proportional to the bandwidth, and inversely proportional to the averages. What is not known is taken as equal.
std::vector<std::complex<double>> noise_in_slices(const io::NoiseCovariance& noise, const io::SliceLabel& label) {
  const bool knows_bandwidth = noise.sample_time_us > 0 && label.sample_time_us > 0;
  const double power =
      (knows_bandwidth ? noise.sample_time_us / label.sample_time_us : 1) / std::max(1, label.averages);
  std::vector<std::complex<double>> values = noise.values;
  for (std::complex<double>& value : values) {
    value *= power;
  }
  return values;
}

// Of the same.
NoiseConditions conditions_in_slices(const io::NoiseCovariance& noise, const io::SliceLabel& label) {
  return {label.sample_time_us > 0 ? label.sample_time_us : noise.sample_time_us, std::max(1, label.averages)};
}

// Of noise that is estimated from slices; what differs between them is not known.
void add_conditions(Checked& checked, const io::SliceLabel& label) {
  const NoiseConditions of_slice{label.sample_time_us, label.averages};
  if (checked.labels.size() == 1) {
    checked.noise_conditions = of_slice;
    return;
  }
  NoiseConditions& known = checked.noise_conditions;
  known.sample_time_us = known.sample_time_us == of_slice.sample_time_us ? known.sample_time_us : 0;
  known.averages = known.averages == of_slice.averages ? known.averages : 0;
}

ComparedCoils coils_of(const Checked& checked) {
  ComparedCoils coils;
  coils.measurement = checked.measurement;
  coils.conditions = checked.noise_conditions;
  coils.noise_is_measured = checked.noise_is_measured;
  coils.dead_channels = static_cast<std::int64_t>(checked.dead_channels.size());
  for (std::size_t coil = 0; coil < checked.channels.size(); ++coil) {
    const auto channel = static_cast<std::size_t>(checked.channels[coil]);
    coils.channels.push_back(checked.channels[coil]);
    coils.names.push_back(channel < checked.names.size() ? checked.names[channel] : "");
    coils.noise.push_back(checked.figures.coils[coil].noise);
  }
  return coils;
}

}  // namespace

SliceQuality ScanChecker::add(const io::HeaderFacts& header, const std::optional<io::NoiseCovariance>& noise,
                              const io::SliceLabel& label, const ArrayView<const std::complex<float>, 3>& samples) {
  auto found = measurements_.find(label.measurement);
  if (found == measurements_.end()) {
    ScanQuality quality(samples.shape[0]);
    if (noise.has_value()) {
      const std::vector<std::complex<double>> values = noise_in_slices(*noise, label);
      quality.set_noise(
          ArrayView<const std::complex<double>, 2>::row_major(values.data(), {noise->coils, noise->coils}),
          noise->samples);
    }
    Checked checked = new_measurement(header, noise, label.measurement, samples.shape[0]);
    if (noise.has_value()) {
      checked.noise_conditions = conditions_in_slices(*noise, label);
    }
    found = measurements_.emplace(label.measurement, std::pair(std::move(checked), std::move(quality))).first;
  }
  auto& [checked, quality] = found->second;
  const SliceQuality figures = quality.add_slice(samples);
  checked.labels.push_back(label);
  if (!checked.noise_is_measured) {
    add_conditions(checked, label);
  }
  return figures;
}

std::vector<Checked> ScanChecker::checked() const {
  std::vector<Checked> all;
  for (const auto& [number, measurement] : measurements_) {
    Checked& checked = all.emplace_back(measurement.first);
    checked.figures = measurement.second.figures();
    checked.limits = criteria_.limits.of_array();
    for (const std::int64_t channel : checked.channels) {
      const auto place = static_cast<std::size_t>(channel);
      checked.coil_limits.push_back(
          criteria_.limits.of_coil(place < checked.names.size() ? checked.names[place] : "", channel));
    }
    if (criteria_.reference.has_value()) {
      checked.reference = criteria_.reference->matching(coils_of(checked));
    }
    const NoiseReference reference = checked.reference.has_value() ? checked.reference->noise : NoiseReference();
    checked.noise_change = noise_change(checked.figures, reference);
    checked.findings = findings_of(checked.figures, checked.limits, checked.coil_limits, reference);
  }
  return all;
}

CheckCriteria check_criteria(const std::string& limits, const std::string& reference) {
  return {limits.empty() ? LimitsFile() : LimitsFile(limits),
          reference.empty() ? std::nullopt : std::optional(ReferenceFile(reference))};
}

std::vector<Checked> check_scan(io::ScanReader& scan, const CheckCriteria& criteria,
                                std::optional<std::int64_t> most_slices) {
  if (scan.summary().domain != io::Domain::kspace) {
    throw Error(ErrorCode::bad_input,
                "it holds images; noise and spikes are told in k-space, as the scanner measured it");
  }
  ScanChecker checker(criteria);
  io::Slice slice;
  const std::int64_t slices = scan.summary().slices;
  const std::int64_t read = std::min(slices, most_slices.value_or(slices));
  for (std::int64_t number = 0; number < read; ++number) {
    const std::int64_t index = number * slices / read;
    scan.read(index, slice);
    const int measurement = slice.label.measurement;
    try {
      checker.add(scan.header_of(measurement), scan.noise_of(measurement), slice.label,
                  ArrayView<const std::complex<float>, 3>::row_major(slice.samples.data(),
                                                                     {slice.channels, slice.height, slice.width}));
    } catch (const Error& error) {
      throw Error(error.code(), index, "cannot be checked: " + std::string(error.what()));
    }
  }
  return checker.checked();
}

}  // namespace mriembed::check
