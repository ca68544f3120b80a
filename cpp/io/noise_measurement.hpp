// The noise covariance of the coils, from a scan's noise lines.
#pragma once

#include <complex>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "scan_reader.hpp"

namespace mriembed::io {

// Gathers psi = n n^H / (N - 1) (Kellman and McVeigh 2005, doi:10.1002/mrm.20713) over any number of lines.
class NoiseMeasurement {
 public:
  explicit NoiseMeasurement(std::int64_t coils);
  // One line, (coils, samples).
  void add(std::span<const std::complex<float>> line);
  [[nodiscard]] std::int64_t samples() const { return samples_; }
  // None where there are too few samples (no more than coils) for a covariance that can be inverted.
  [[nodiscard]] std::optional<NoiseCovariance> covariance() const;

 private:
  std::int64_t coils_;
  std::int64_t samples_ = 0;
  std::vector<std::complex<double>> products_;  // (coils, coils)
};

}  // namespace mriembed::io
