#include "calibration_comparison.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>

namespace mriembed::io {

void CalibrationComparison::add(std::span<const std::complex<float>> calibration,
                                std::span<const std::complex<float>> image) {
  for (std::size_t sample = 0; sample < image.size(); ++sample) {
    const std::complex<double> one = calibration[sample];
    const std::complex<double> other = image[sample];
    product_ += std::conj(one) * other;
    calibration_energy_ += std::norm(one);
    image_energy_ += std::norm(other);
  }
}

double CalibrationComparison::signal_ratio() const { return std::sqrt(calibration_energy_ / image_energy_); }

double CalibrationComparison::coherence() const {
  return std::abs(product_) / std::sqrt(calibration_energy_ * image_energy_);
}

bool CalibrationComparison::alike(bool phases) const {
  constexpr double most = 0.25;  // by which a factor differs from 1
  constexpr double least_coherence = 0.95;
  if (is_short() || !has_both()) {
    return !is_short();
  }
  if (!phases) {
    return std::abs(signal_ratio() - 1) < most;
  }
  return coherence() > least_coherence && std::abs(product_ / calibration_energy_ - 1.0) < most;
}

std::string CalibrationComparison::text() const {
  std::array<char, 128> text{};
  if (is_short()) {
    std::snprintf(text.data(), text.size(), "%lld samples, where imaging lines have %lld",
                  static_cast<long long>(calibration_length_), static_cast<long long>(image_length_));
  } else if (has_both()) {
    std::snprintf(text.data(), text.size(), "%.2g times the signal of the image, and a coherence of %.2f with it",
                  signal_ratio(), coherence());
  }
  return text.data();
}

}  // namespace mriembed::io
