#include "noise_measurement.hpp"

namespace mriembed::io {

NoiseMeasurement::NoiseMeasurement(std::int64_t coils)
    : coils_(coils), products_(static_cast<std::size_t>(coils * coils)) {}

void NoiseMeasurement::add(std::span<const std::complex<float>> line) {
  const std::int64_t count = static_cast<std::int64_t>(line.size()) / coils_;
  for (std::int64_t row = 0; row < coils_; ++row) {
    for (std::int64_t column = 0; column < coils_; ++column) {
      std::complex<double> sum = 0;
      for (std::int64_t sample = 0; sample < count; ++sample) {
        const std::complex<double> left = line[static_cast<std::size_t>(row * count + sample)];
        const std::complex<double> right = line[static_cast<std::size_t>(column * count + sample)];
        sum += left * std::conj(right);
      }
      products_[static_cast<std::size_t>(row * coils_ + column)] += sum;
    }
  }
  samples_ += count;
}

std::optional<NoiseCovariance> NoiseMeasurement::covariance() const {
  if (samples_ <= coils_) {
    return std::nullopt;
  }
  NoiseCovariance result;
  result.coils = coils_;
  result.values = products_;
  for (std::complex<double>& value : result.values) {
    value /= static_cast<double>(samples_ - 1);
  }
  return result;
}

}  // namespace mriembed::io
