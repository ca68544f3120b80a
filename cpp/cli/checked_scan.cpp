#include "cli/checked_scan.hpp"

#include <complex>
#include <map>
#include <utility>

#include "mriembed/error.hpp"

namespace mriembed::cli {

namespace {

Checked new_measurement(const io::ScanReader& scan, int measurement, std::int64_t coils) {
  Checked checked;
  checked.measurement = measurement;
  checked.names = scan.header_of(measurement).coil_names;
  if (const auto& noise = scan.noise_of(measurement); noise.has_value()) {
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

}  // namespace

std::vector<Checked> check_scan(io::ScanReader& scan) {
  if (scan.summary().domain != io::Domain::kspace) {
    throw Error(ErrorCode::bad_input,
                "it holds images; noise and spikes are told in k-space, as the scanner measured it");
  }
  std::map<int, std::pair<Checked, ScanQuality>> measurements;
  io::Slice slice;
  for (std::int64_t index = 0; index < scan.summary().slices; ++index) {
    scan.read(index, slice);
    const int number = slice.label.measurement;
    auto found = measurements.find(number);
    if (found == measurements.end()) {
      ScanQuality quality(slice.channels);
      if (const auto& noise = scan.noise_of(number); noise.has_value()) {
        quality.set_noise(
            ArrayView<const std::complex<double>, 2>::row_major(noise->values.data(), {noise->coils, noise->coils}));
      }
      found = measurements.emplace(number, std::pair(new_measurement(scan, number, slice.channels), std::move(quality)))
                  .first;
    }
    auto& [checked, quality] = found->second;
    try {
      quality.add_slice(ArrayView<const std::complex<float>, 3>::row_major(
          slice.samples.data(), {slice.channels, slice.height, slice.width}));
    } catch (const Error& error) {
      throw Error(error.code(), index, error.what());
    }
    checked.labels.push_back(slice.label);
  }
  std::vector<Checked> all;
  for (auto& [number, measurement] : measurements) {
    auto& [checked, quality] = measurement;
    checked.figures = quality.figures();
    checked.findings = findings_of(checked.figures);
    all.push_back(std::move(checked));
  }
  return all;
}

}  // namespace mriembed::cli
