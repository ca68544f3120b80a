// The discrete Fourier transform as it is defined, in float64.
#pragma once

#include <complex>
#include <cstddef>
#include <numbers>
#include <vector>

namespace mriembed::kernels {

class FourierDefinition {
 public:
  // `sign`: of the exponent, -1 or 1.
  FourierDefinition(std::size_t length, double sign) {
    for (std::size_t n = 0; n < length; ++n) {
      const double turn = static_cast<double>(n) / static_cast<double>(length);
      roots_.push_back(std::polar(1.0, sign * 2 * std::numbers::pi * turn));
    }
  }

  // Sample k of the transform of `line`. In real numbers: tests are not optimized.
  [[nodiscard]] std::complex<double> at(const std::vector<std::complex<double>>& line, std::size_t k) const {
    const std::complex<double>* const samples = line.data();
    const std::complex<double>* const roots = roots_.data();
    const std::size_t length = roots_.size();
    double real = 0;
    double imaginary = 0;
    std::size_t turns = 0;  // n k, of which whole turns are left out
    for (std::size_t n = 0; n < length; ++n) {
      const double a = samples[n].real();
      const double b = samples[n].imag();
      const double c = roots[turns].real();
      const double d = roots[turns].imag();
      real += a * c - b * d;
      imaginary += a * d + b * c;
      turns += k;
      turns -= turns >= length ? length : 0;
    }
    return {real, imaginary};
  }

 private:
  std::vector<std::complex<double>> roots_;  // exp(sign 2 pi i n / length)
};

}  // namespace mriembed::kernels
