#include "noise_measurement.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>

namespace mriembed::io {

NoiseMeasurement::NoiseMeasurement(std::int64_t coils)
    : coils_(coils), products_(static_cast<std::size_t>(coils * coils)) {}

void NoiseMeasurement::add(std::span<const std::complex<float>> line, std::int64_t discard_pre,
                           std::int64_t discard_post, double power) {
  const std::int64_t count = static_cast<std::int64_t>(line.size()) / coils_;
  const std::int64_t end = count - discard_post;
  for (std::int64_t row = 0; row < coils_; ++row) {
    for (std::int64_t column = 0; column < coils_; ++column) {
      std::complex<double> sum = 0;
      for (std::int64_t sample = discard_pre; sample < end; ++sample) {
        const std::complex<double> left = line[static_cast<std::size_t>(row * count + sample)];
        const std::complex<double> right = line[static_cast<std::size_t>(column * count + sample)];
        sum += left * std::conj(right);
      }
      products_[static_cast<std::size_t>(row * coils_ + column)] += power * sum;
    }
  }
  samples_ += std::max<std::int64_t>(0, end - discard_pre);
}

std::optional<NoiseCovariance> NoiseMeasurement::covariance() const {
  if (samples_ <= coils_) {
    return std::nullopt;
  }
  NoiseCovariance result;
  result.coils = coils_;
  result.values = products_;
  result.samples = samples_;
  for (std::complex<double>& value : result.values) {
    value /= static_cast<double>(samples_ - 1);
  }
  return result;
}

bool is_finite(const NoiseCovariance& noise) {
  return std::ranges::all_of(noise.values, [](const std::complex<double>& value) {
    return std::isfinite(value.real()) && std::isfinite(value.imag());
  });
}

bool is_invertible(const NoiseCovariance& noise) {
  using Matrix = Eigen::Matrix<std::complex<double>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Matrix covariance = Eigen::Map<const Matrix>(noise.values.data(), noise.coils, noise.coils);
  const Eigen::VectorXd deviations = covariance.diagonal().real().cwiseSqrt();
  const Eigen::MatrixXcd correlations =
      deviations.cwiseInverse().asDiagonal() * covariance * deviations.cwiseInverse().asDiagonal();
  const Eigen::LLT<Eigen::MatrixXcd> cholesky(correlations);
  // The squares of the diagonal: of a coil's noise power, what the coils before it do not have.
  constexpr double own = 1e-8;
  return cholesky.info() == Eigen::Success && cholesky.matrixLLT().diagonal().cwiseAbs2().minCoeff() > own;
}

std::vector<std::int64_t> live_coils(const NoiseCovariance& noise) {
  std::vector<double> powers;
  powers.reserve(static_cast<std::size_t>(noise.coils));
  for (std::int64_t coil = 0; coil < noise.coils; ++coil) {
    powers.push_back(noise.values[static_cast<std::size_t>(coil * noise.coils + coil)].real());
  }
  std::vector<double> sorted = powers;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  constexpr double dead = 1e-8;  // of the median power
  std::vector<std::int64_t> coils;
  for (std::int64_t coil = 0; coil < noise.coils; ++coil) {
    if (powers[static_cast<std::size_t>(coil)] > dead * *middle) {
      coils.push_back(coil);
    }
  }
  return coils;
}

std::string dead_coils_text(const std::vector<std::int64_t>& live, std::int64_t coils, const std::string& source) {
  std::string dead;
  for (std::int64_t coil = 0; coil < coils; ++coil) {
    if (!std::ranges::binary_search(live, coil)) {
      dead += (dead.empty() ? "" : ", ") + std::to_string(coil);
    }
  }
  return "without noise in " + source + ", and left out as dead: coil " + dead + " of " + std::to_string(coils);
}

NoiseCovariance covariance_of(const NoiseCovariance& noise, const std::vector<std::int64_t>& coils) {
  NoiseCovariance result;
  result.coils = static_cast<std::int64_t>(coils.size());
  result.sample_time_us = noise.sample_time_us;
  result.samples = noise.samples;
  for (std::int64_t coil = 0; coil < noise.coils; ++coil) {
    if (!std::ranges::binary_search(coils, coil)) {
      result.dead_channels.push_back(coil);
    }
  }
  for (const std::int64_t row : coils) {
    for (const std::int64_t column : coils) {
      result.values.push_back(noise.values[static_cast<std::size_t>(row * noise.coils + column)]);
    }
  }
  return result;
}

}  // namespace mriembed::io
