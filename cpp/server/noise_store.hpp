// The noise measurements of earlier sessions, by measurement ID: a scan names the one that it depends on.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "io/noise_measurement.hpp"

namespace mriembed::server {

// From any thread. Keeps the last `most` measurements.
class NoiseStore {
 public:
  static constexpr std::size_t most = 64;

  // `folder`: where they survive the process, a JSON file each; empty: they do not. Throws Error invalid_argument for a
  // folder that cannot be used. A file in it that cannot be read is left where it is and named in `warnings`.
  NoiseStore(std::string folder, std::vector<std::string>& warnings);

  // A measurement without an ID is not kept. Throws Error internal where the folder does not take it; it is kept in
  // memory then.
  void keep(const io::MeasuredNoise& noise);

  [[nodiscard]] std::vector<io::MeasuredNoise> of(const std::vector<std::string>& measurement_ids) const;

  // The one with the longest ID that is a part of this name of a file, as Gadgetron calls stored noise.
  [[nodiscard]] std::optional<io::MeasuredNoise> named_in(const std::string& name) const;

 private:
  void remember(io::MeasuredNoise noise);
  [[nodiscard]] std::string file_of(const std::string& measurement_id) const;

  std::string folder_;
  mutable std::mutex mutex_;  // of noise_
  std::deque<io::MeasuredNoise> noise_;
};

}  // namespace mriembed::server
