// The outer half of a slice's measured lines, at most the outermost 64 and 8192 samples of a coil, as images along x:
// there noise and interference show best.
#pragma once

#include <complex>
#include <cstdint>
#include <optional>
#include <vector>

#include "kernels/aligned_vector.hpp"
#include "kernels/fourier.hpp"
#include "mriembed/array_view.hpp"
#include "quality/noise_products.hpp"

namespace mriembed::quality {

// Of one slice: how the power of each coil is spread over x, and how low it gets.
class OuterLines {
 public:
  // `measured`: of the lines. `scales`: with which the samples of each coil have a mean power near 1, 0 of a coil of
  // zeros. Readouts are cut to the longest length around their centre that FourierTransform serves.
  // `correlate`: also gather noise_products().
  void read(const ArrayView<const std::complex<float>, 3>& kspace, const std::vector<bool>& measured,
            const std::vector<float>& scales, bool correlate);

  [[nodiscard]] std::int64_t width() const { return width_; }
  [[nodiscard]] std::int64_t lines() const { return lines_; }
  // From the centre of k-space to the nearest of them, in lines.
  [[nodiscard]] std::int64_t nearest() const { return nearest_; }

  // Mean power along x of a coil, an image's pixel for each frequency of the readout: 0 is the lowest, width / 2 none.
  [[nodiscard]] const double* power(std::int64_t coil) const { return power_.data() + coil * width_; }
  // The same of the half of them that is farthest from the centre; of few samples, of all.
  [[nodiscard]] const double* outermost_power(std::int64_t coil) const {
    return outermost_power_.data() + coil * width_;
  }

  // The noise power of a coil, or 0 where no part of the lines is empty; see ScanQuality.
  [[nodiscard]] double noise_power(std::int64_t coil) const { return noise_[static_cast<std::size_t>(coil)]; }

  // Of all coils, where they were asked for; without samples otherwise.
  [[nodiscard]] const NoiseProducts& products() const { return products_; }

 private:
  std::int64_t width_ = 0;
  std::int64_t lines_ = 0;
  std::int64_t nearest_ = 0;
  std::vector<double> power_;  // (coils, x)
  std::vector<double> outermost_power_;
  std::vector<double> noise_;         // of each coil
  std::vector<float> of_groups_;      // of one coil, times its scale squared: (groups of lines, x)
  std::vector<double> block_powers_;  // (coils, blocks), where coils are correlated
  NoiseProducts products_;
  std::vector<std::complex<float>> rows_;  // of one coil, or of all where they are correlated
  std::optional<kernels::FourierTransform> transform_;
  kernels::FourierTransform::Memory memory_;
};

}  // namespace mriembed::quality
