// The centred orthonormal discrete Fourier transform in float64, by its definition.
#pragma once

#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <vector>

namespace mriembed {

// Rows one after the other, the centre at (height / 2, width / 2).
struct ExactPlane {
  std::int64_t height;
  std::int64_t width;
  std::vector<std::complex<double>> samples;

  ExactPlane(std::int64_t rows, std::int64_t columns)
      : height(rows), width(columns), samples(static_cast<std::size_t>(rows * columns)) {}

  std::complex<double>& at(std::int64_t y, std::int64_t x) { return samples[static_cast<std::size_t>(y * width + x)]; }
};

// The transform of a line, to k-space (sign -1) or to the image (sign 1).
inline std::vector<std::complex<double>> centred_dft(const std::vector<std::complex<double>>& line, int sign) {
  const auto length = static_cast<std::int64_t>(line.size());
  std::vector<std::complex<double>> result(line.size());
  for (std::int64_t k = 0; k < length; ++k) {
    for (std::int64_t x = 0; x < length; ++x) {
      const auto turns = static_cast<double>((k - length / 2) * (x - length / 2)) / static_cast<double>(length);
      result[static_cast<std::size_t>(k)] += line[static_cast<std::size_t>(x)] *
                                             std::polar(1.0, sign * 2 * std::numbers::pi * turns) /
                                             std::sqrt(static_cast<double>(length));
    }
  }
  return result;
}

inline void centred_dft_along_y(ExactPlane& plane, int sign) {
  for (std::int64_t x = 0; x < plane.width; ++x) {
    std::vector<std::complex<double>> line;
    for (std::int64_t y = 0; y < plane.height; ++y) {
      line.push_back(plane.at(y, x));
    }
    line = centred_dft(line, sign);
    for (std::int64_t y = 0; y < plane.height; ++y) {
      plane.at(y, x) = line[static_cast<std::size_t>(y)];
    }
  }
}

inline void centred_dft_along_x(ExactPlane& plane, int sign) {
  for (std::int64_t y = 0; y < plane.height; ++y) {
    std::vector<std::complex<double>> line;
    for (std::int64_t x = 0; x < plane.width; ++x) {
      line.push_back(plane.at(y, x));
    }
    line = centred_dft(line, sign);
    for (std::int64_t x = 0; x < plane.width; ++x) {
      plane.at(y, x) = line[static_cast<std::size_t>(x)];
    }
  }
}

}  // namespace mriembed
