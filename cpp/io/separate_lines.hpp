// ACS lines and navigators that were measured apart from the image, until the volumes that they belong to are whole.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "acquisitions.hpp"
#include "volume_key.hpp"

namespace mriembed::io {

// An acquisition of a scan that is being measured. `index`: its place in the order of their measurement.
struct MeasuredLine {
  Acquisition line;
  std::size_t index;
  std::vector<std::complex<float>> samples;  // (coils, samples)
};

// Shared: what was measured once belongs to volumes of several repetitions.
using HeldLine = std::shared_ptr<const MeasuredLine>;

HeldLine hold(const Acquisition& line, std::size_t index, std::span<const std::complex<float>> samples);

// A volume takes the lines with its own counters. Where there are none, it takes the first ACS lines of each place that
// were measured with its slice, whatever their other counters, and the navigators of the first volume of that slice.
class SeparateLines {
 public:
  // `place`: where the placement of k-space puts the line.
  void add_calibration(const HeldLine& line, std::int64_t place);
  void add_navigator(const HeldLine& line);

  // Whether ACS lines of this slice came.
  [[nodiscard]] bool have_calibration_of(std::uint16_t slice) const { return calibration_of_slice_.contains(slice); }
  // ACS lines with the volume's own counters alone. Valid until a line is added or a volume forgotten.
  [[nodiscard]] std::span<const HeldLine> own_calibration_of(const VolumeKey& key) const;
  // Those that the volume takes, in the order of their measurement.
  [[nodiscard]] std::vector<HeldLine> calibration_of(const VolumeKey& key) const;
  [[nodiscard]] std::vector<HeldLine> navigators_of(const VolumeKey& key) const;

  // The volume took its lines; those that other volumes of its slice may take stay.
  void forget(const VolumeKey& key);

 private:
  using Places = std::map<std::int64_t, HeldLine>;

  std::map<VolumeKey, std::vector<HeldLine>> calibration_;
  std::map<std::uint16_t, Places> calibration_of_slice_;  // the first of each place
  std::map<VolumeKey, std::vector<HeldLine>> navigators_;
  std::map<std::uint16_t, VolumeKey> navigators_of_slice_;  // the first volume's
};

}  // namespace mriembed::io
