// Separate ACS lines of a volume: a part of its image, or apart from it.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "calibration_comparison.hpp"
#include "kspace_placement.hpp"

namespace mriembed::io {

// A readout as it lies in the matrix, from where.first_x on.
struct PlacedReadout {
  std::int64_t line;
  ReadoutPlace where;
  std::vector<std::complex<float>> samples;  // (coils, where.count), ascending along x
};

// Where no imaging line lies, an ACS line lies in the matrix with the image; where one lies, it is kept beside it.
class SeparateCalibration {
 public:
  SeparateCalibration(std::int64_t coils, std::int64_t lines, std::int64_t width)
      : coils_(coils), lines_(lines), width_(width), alone_(static_cast<std::size_t>(lines)) {}

  // A readout that lies in the matrix; `first`: of its line.
  void add(std::int64_t line, const ReadoutPlace& where, bool calibration, bool first);
  // An ACS line beside an imaging line.
  void add_repeated(PlacedReadout readout) { repeated_.push_back(std::move(readout)); }

  // Whether ACS lines lie in the matrix.
  [[nodiscard]] bool any() const;
  // Whether a line of the matrix is an ACS line.
  [[nodiscard]] bool is_alone(std::size_t line) const { return alone_[line]; }
  // ACS lines of either kind.
  [[nodiscard]] std::vector<bool> lines() const;
  // Of `measured` those that are no ACS lines alone.
  [[nodiscard]] std::vector<bool> imaging(const std::vector<bool>& measured) const;

  // With the imaging lines of the matrix, (coils, lines, width).
  [[nodiscard]] CalibrationComparison compared(std::span<const std::complex<float>> samples) const;
  // The ACS lines in a matrix of their own; those in `samples` become zero.
  [[nodiscard]] std::vector<std::complex<float>> taken_out(std::span<std::complex<float>> samples) const;

 private:
  [[nodiscard]] std::int64_t row(std::int64_t coil, std::int64_t line) const { return (coil * lines_ + line) * width_; }

  std::int64_t coils_;
  std::int64_t lines_;
  std::int64_t width_;
  std::int64_t calibration_length_ = 0;  // the most samples of a line
  std::int64_t image_length_ = 0;
  std::vector<bool> alone_;
  std::vector<PlacedReadout> repeated_;
};

}  // namespace mriembed::io
