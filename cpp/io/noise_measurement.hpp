// The noise covariance of the coils, from a scan's noise lines.
#pragma once

#include <complex>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "scan_reader.hpp"

namespace mriembed::io {

// Noise that was measured apart from the scan that it is for.
struct MeasuredNoise {
  std::string name;            // of the group or the file that holds it
  std::string measurement_id;  // by which other measurements refer to it; empty: none
  std::int64_t coils = 0;
  std::int64_t samples = 0;                   // of each coil
  std::optional<NoiseCovariance> covariance;  // none: there are too few samples
  double dwell_time_us = 0;                   // 0: not known
  std::vector<std::string> coil_names = {};   // of channels 0, 1, ..., as far as they are known
};

// Gathers psi = n n^H / (N - 1) (Kellman and McVeigh 2005, doi:10.1002/mrm.20713) over any number of lines.
class NoiseMeasurement {
 public:
  explicit NoiseMeasurement(std::int64_t coils);

  // One line, (coils, samples). `discard_pre` samples at its beginning and `discard_post` at its end are left out: the
  // receiver's filter is not settled there. `power` scales its noise power: lines of another bandwidth have another.
  void add(std::span<const std::complex<float>> line, std::int64_t discard_pre = 0, std::int64_t discard_post = 0,
           double power = 1);

  [[nodiscard]] std::int64_t samples() const { return samples_; }
  // None where there are too few samples (no more than coils) for a covariance that can be inverted.
  [[nodiscard]] std::optional<NoiseCovariance> covariance() const;

 private:
  std::int64_t coils_;
  std::int64_t samples_ = 0;
  std::vector<std::complex<double>> products_;  // (coils, coils)
};

// False where noise samples were NaN or infinite.
bool is_finite(const NoiseCovariance& noise);

// False where the noise of a coil is all but a combination of that of others, as of a channel that is stored twice: to
// prewhiten by it would blow up what rounding leaves of their difference. Expects noise in every coil.
bool is_invertible(const NoiseCovariance& noise);

// The coils, ascending, that are not dead: a dead one has next to no noise beside the others, and no covariance with it
// can be inverted.
std::vector<std::int64_t> live_coils(const NoiseCovariance& noise);

// What a user is told of a scan of `coils` coils of which only `live` have noise in `source`.
std::string dead_coils_text(const std::vector<std::int64_t>& live, std::int64_t coils, const std::string& source);

// The covariance of these coils, ascending, of all; the others are its dead channels.
NoiseCovariance covariance_of(const NoiseCovariance& noise, const std::vector<std::int64_t>& coils);

}  // namespace mriembed::io
