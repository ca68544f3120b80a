// Scans of noise around an echo, and what ScanQuality says of them.
#pragma once

#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <random>
#include <vector>

#include "mriembed/scan_quality.hpp"

namespace mriembed {

using Sample = std::complex<float>;

// k-space (coils, y, x) with an echo of two samples, one below the other, in its middle, and white noise of a standard
// deviation for each coil.
struct Scan {
  std::int64_t coils;
  std::int64_t height;
  std::int64_t width;
  std::vector<Sample> samples;

  [[nodiscard]] Sample& at(std::int64_t coil, std::int64_t y, std::int64_t x) {
    return samples[static_cast<std::size_t>((coil * height + y) * width + x)];
  }
  [[nodiscard]] ArrayView<const Sample, 3> view() const {
    return ArrayView<const Sample, 3>::row_major(samples.data(), {coils, height, width});
  }
};

inline Scan noisy_scan(const std::vector<double>& noise, std::int64_t height, std::int64_t width, unsigned seed = 1) {
  const auto coils = static_cast<std::int64_t>(noise.size());
  Scan scan{coils, height, width, {}};
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal;
  for (std::int64_t coil = 0; coil < coils; ++coil) {
    for (std::int64_t y = 0; y < height; ++y) {
      for (std::int64_t x = 0; x < width; ++x) {
        const double sd = noise[static_cast<std::size_t>(coil)] / std::numbers::sqrt2;
        const double real = sd * normal(generator);
        scan.samples.emplace_back(static_cast<float>(real), static_cast<float>(sd * normal(generator)));
      }
    }
    scan.at(coil, height / 2, width / 2) += Sample(1000, 0);
    scan.at(coil, height / 2 - 1, width / 2) += Sample(200, 0);
  }
  return scan;
}

inline ScanQualityFigures figures_of(const Scan& scan) {
  ScanQuality quality(scan.coils);
  quality.add_slice(scan.view());
  return quality.figures();
}

// Four coils that see the object's k-space shifted by whole lines (SMASH, Sodickson and Manning 1997,
// doi:10.1002/mrm.1910380414): each line follows exactly from its neighbours.
inline Scan harmonic_scan(std::int64_t size = 64) {
  Scan scan = noisy_scan({0.05, 0.05, 0.05, 0.05}, size, size);
  Scan object = noisy_scan({1}, size + 4, size, 9);
  object.at(0, size / 2 + 2, size / 2) = object.at(0, size / 2 + 1, size / 2) = 1;  // no peak
  for (std::int64_t coil = 0; coil < 4; ++coil) {
    scan.at(coil, size / 2, size / 2) -= 1000;
    scan.at(coil, size / 2 - 1, size / 2) -= 200;
    for (std::int64_t y = 0; y < size; ++y) {
      for (std::int64_t x = 0; x < size; ++x) {
        scan.at(coil, y, x) += object.samples[static_cast<std::size_t>((y + coil) * size + x)];
      }
    }
  }
  return scan;
}

}  // namespace mriembed
