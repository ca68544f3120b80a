// The sums over ACS lines that GRAPPA's weights follow from, in float64.
//
// A kernel predicts a missing line from the two measured lines around it, `gap` lines apart. As images along x, its
// taps along kx are a trigonometric polynomial: sample t of a tap is a factor exp(2 pi i t x / width). The normal
// equations then hold sums over x of products of two lines times such factors, which depend on the difference of the
// taps only.
#pragma once

#include <complex>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/aligned_vector.hpp"

namespace mriembed::kernels {

constexpr std::int64_t grappa_taps = 5;  // along kx
constexpr std::int64_t grappa_lags = 2 * grappa_taps - 1;

// Some columns of the ACS lines as float64: (line, coil, real and imaginary part, column). Behind the last
// column that was read, and in a coil that makes their number even, everything is zero.
class CalibrationBlock {
 public:
  static constexpr std::int64_t most_columns = 32;

  // Holds the columns from `first` on, at most most_columns of them. `lines` point at the first column of the first
  // coil, coils lie `coil_stride` samples apart.
  void read(std::span<const std::complex<float>* const> lines, std::int64_t coils, std::int64_t coil_stride,
            std::int64_t first, std::int64_t columns);

  [[nodiscard]] std::int64_t lines() const noexcept { return lines_; }
  [[nodiscard]] std::int64_t coils() const noexcept { return coils_; }  // even
  [[nodiscard]] const double* of(std::int64_t line, std::int64_t coil) const noexcept {
    return data_.data() + (line * coils_ + coil) * 2 * most_columns;
  }

 private:
  std::int64_t lines_ = 0;
  std::int64_t coils_ = 0;
  AlignedVector<double> data_;
};

// Positions of a kernel along ACS lines, by its first line.
struct Positions {
  std::int64_t first = 0;
  std::int64_t step = 1;
};

// The sums of a kernel for one gap. Its signals are the coils of the line before, then those of the line after (the
// sources), then those of each line between. With d_s of a source and d_u of any signal from there on,
//   of(s, u)[grappa_taps - 1 + lag] = sum over positions and columns of weight conj(d_s) d_u exp(2 pi i lag x / width),
// for lags from 1 - grappa_taps to grappa_taps - 1; between sources and lines between, to grappa_taps / 2 either way.
class GrappaSums {
 public:
  // Starts from zero.
  void reset(std::int64_t gap, std::int64_t coils);

  // Adds the columns of a block at the positions first, first + step, ..., each with a weight: its lines are that one
  // and the `gap` after it. `roots` are those of grappa_roots().
  void add(const CalibrationBlock& block, Positions positions, std::span<const double> weights, const double* roots);
  void add(const GrappaSums& other);

  [[nodiscard]] std::int64_t gap() const noexcept { return gap_; }
  // `line` is 0 of the line before, 1 of the line after, 1 + b of the line b after the line before.
  [[nodiscard]] std::int64_t signal(std::int64_t line, std::int64_t coil) const noexcept {
    return line * padded_ + coil;
  }
  [[nodiscard]] const std::complex<double>* of(std::int64_t source, std::int64_t signal) const noexcept {
    return sums_.data() + (source * signals() + signal) * grappa_lags;
  }

 private:
  [[nodiscard]] std::int64_t signals() const noexcept { return (gap_ + 1) * padded_; }

  std::int64_t gap_ = 0;
  std::int64_t padded_ = 0;  // coils of a block
  std::vector<std::complex<double>> sums_;
};

// cos and sin of 2 pi lag x / width for each block of columns: (block, lag from 0 to grappa_taps - 1, part, column).
AlignedVector<double> grappa_roots(std::int64_t width);
constexpr std::int64_t grappa_block_roots = grappa_taps * 2 * CalibrationBlock::most_columns;

}  // namespace mriembed::kernels
