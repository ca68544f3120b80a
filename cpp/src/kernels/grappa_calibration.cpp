#include "kernels/grappa_calibration.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <numbers>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/grappa_calibration.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mriembed::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Lanes = hn::CappedTag<double, 8>;
using Vector = hn::Vec<Lanes>;

constexpr int tile = 2;  // signals of each side whose products stay in registers
constexpr std::int64_t columns = CalibrationBlock::most_columns;

// conj(a) b in each column, summed over positions with their weights, of two signals a and two signals b.
HWY_INLINE void multiply_lines(const double* HWY_RESTRICT a, const double* HWY_RESTRICT b, std::int64_t pitch,
                               std::span<const double> weights, double* HWY_RESTRICT products) {
  const Lanes d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  for (std::int64_t column = 0; column < columns; column += lanes) {
    Vector real[tile][tile];
    Vector imaginary[tile][tile];
#pragma GCC unroll 2
    for (int row = 0; row < tile; ++row) {
#pragma GCC unroll 2
      for (int other = 0; other < tile; ++other) {
        real[row][other] = hn::Zero(d);
        imaginary[row][other] = hn::Zero(d);
      }
    }
    const double* a_line = a + column;
    const double* b_line = b + column;
    for (const double position : weights) {
      const Vector weight = hn::Set(d, position);
      Vector b_real[tile];
      Vector b_imaginary[tile];
#pragma GCC unroll 2
      for (int other = 0; other < tile; ++other) {
        b_real[other] = hn::Load(d, b_line + std::ptrdiff_t{2} * other * columns);
        b_imaginary[other] = hn::Load(d, b_line + (std::ptrdiff_t{2} * other + 1) * columns);
      }
#pragma GCC unroll 2
      for (int row = 0; row < tile; ++row) {
        const Vector a_real = hn::Mul(weight, hn::Load(d, a_line + std::ptrdiff_t{2} * row * columns));
        const Vector a_imaginary = hn::Mul(weight, hn::Load(d, a_line + (std::ptrdiff_t{2} * row + 1) * columns));
#pragma GCC unroll 2
        for (int other = 0; other < tile; ++other) {
          real[row][other] = hn::MulAdd(a_real, b_real[other], real[row][other]);
          imaginary[row][other] = hn::MulAdd(a_real, b_imaginary[other], imaginary[row][other]);
          real[row][other] = hn::MulAdd(a_imaginary, b_imaginary[other], real[row][other]);
          imaginary[row][other] = hn::NegMulAdd(a_imaginary, b_real[other], imaginary[row][other]);
        }
      }
      a_line += pitch;
      b_line += pitch;
    }
#pragma GCC unroll 2
    for (int row = 0; row < tile; ++row) {
#pragma GCC unroll 2
      for (int other = 0; other < tile; ++other) {
        double* to = products + std::ptrdiff_t{2} * (row * tile + other) * columns + column;
        hn::Store(real[row][other], d, to);
        hn::Store(imaginary[row][other], d, to + columns);
      }
    }
  }
}

HWY_INLINE double sum_of(Vector lanes) { return hn::GetLane(hn::SumOfLanes(Lanes(), lanes)); }

// Adds the sums over columns of a product times exp(+-2 pi i lag x / width), for lags up to `most_lag`.
HWY_INLINE void add_lags(const double* HWY_RESTRICT product, const double* HWY_RESTRICT roots, std::int64_t most_lag,
                         std::complex<double>* HWY_RESTRICT sums) {
  const Lanes d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  for (std::int64_t lag = 0; lag <= most_lag; ++lag) {
    const double* cosine = roots + 2 * lag * columns;
    const double* sine = cosine + columns;
    Vector real_cosine = hn::Zero(d);
    Vector real_sine = hn::Zero(d);
    Vector imaginary_cosine = hn::Zero(d);
    Vector imaginary_sine = hn::Zero(d);
    for (std::int64_t column = 0; column < columns; column += lanes) {
      const Vector real = hn::Load(d, product + column);
      const Vector imaginary = hn::Load(d, product + columns + column);
      const Vector c = hn::Load(d, cosine + column);
      const Vector s = hn::Load(d, sine + column);
      real_cosine = hn::MulAdd(real, c, real_cosine);
      real_sine = hn::MulAdd(real, s, real_sine);
      imaginary_cosine = hn::MulAdd(imaginary, c, imaginary_cosine);
      imaginary_sine = hn::MulAdd(imaginary, s, imaginary_sine);
    }
    sums[grappa_taps - 1 + lag] += std::complex<double>(sum_of(hn::Sub(real_cosine, imaginary_sine)),
                                                        sum_of(hn::Add(imaginary_cosine, real_sine)));
    if (lag > 0) {
      sums[grappa_taps - 1 - lag] += std::complex<double>(sum_of(hn::Add(real_cosine, imaginary_sine)),
                                                          sum_of(hn::Sub(imaginary_cosine, real_sine)));
    }
  }
}

void add_block_in_lanes(const CalibrationBlock& block, std::int64_t gap, Positions positions,
                        std::span<const double> weights, const double* roots, std::complex<double>* sums) {
  HWY_ALIGN double products[std::int64_t{2} * tile * tile * columns];
  const std::int64_t coils = block.coils();
  const std::int64_t signals = (gap + 1) * coils;
  const std::int64_t pitch = positions.step * coils * 2 * columns;
  const auto first_line = [&](std::int64_t signal) {
    const std::int64_t line = signal / coils;
    return block.of(positions.first + (line == 0 ? 0 : line == 1 ? gap : line - 1), signal % coils);
  };
  for (std::int64_t source = 0; source < 2 * coils; source += tile) {
    for (std::int64_t signal = source; signal < signals; signal += tile) {
      multiply_lines(first_line(source), first_line(signal), pitch, weights, products);
      const std::int64_t most_lag = signal < 2 * coils ? grappa_taps - 1 : grappa_taps / 2;
      for (std::int64_t row = 0; row < tile; ++row) {
        for (std::int64_t other = 0; other < tile; ++other) {
          add_lags(products + 2 * (row * tile + other) * columns, roots, most_lag,
                   sums + ((source + row) * signals + signal + other) * grappa_lags);
        }
      }
    }
  }
}

// Real and imaginary parts of samples as float64, and zeros behind them.
void read_in_lanes(const float* HWY_RESTRICT samples, std::int64_t count, double* HWY_RESTRICT to) {
  const Lanes d;
  const hn::Rebind<float, Lanes> narrow;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t column = 0;
  for (; column + lanes <= count; column += lanes) {
    hn::Vec<decltype(narrow)> real;
    hn::Vec<decltype(narrow)> imaginary;
    hn::LoadInterleaved2(narrow, samples + 2 * column, real, imaginary);
    hn::Store(hn::PromoteTo(d, real), d, to + column);
    hn::Store(hn::PromoteTo(d, imaginary), d, to + columns + column);
  }
  for (; column < count; ++column) {
    to[column] = static_cast<double>(samples[2 * column]);
    to[columns + column] = static_cast<double>(samples[2 * column + 1]);
  }
  std::fill(to + count, to + columns, 0.0);
  std::fill(to + columns + count, to + 2 * columns, 0.0);
}

}  // namespace
}  // namespace mriembed::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mriembed::kernels {

HWY_EXPORT(add_block_in_lanes);
HWY_EXPORT(read_in_lanes);

void CalibrationBlock::read(std::span<const std::complex<float>* const> lines, std::int64_t coils,
                            std::int64_t coil_stride, std::int64_t first, std::int64_t columns) {
  lines_ = static_cast<std::int64_t>(lines.size());
  coils_ = (coils + 1) / 2 * 2;
  data_.resize(static_cast<std::size_t>(lines_ * coils_ * 2 * most_columns));
  double* to = data_.data();
  for (const std::complex<float>* line : lines) {
    for (std::int64_t coil = 0; coil < coils_; ++coil) {
      const std::int64_t count = coil < coils ? columns : 0;
      const std::complex<float>* from = count > 0 ? line + coil * coil_stride + first : nullptr;
      HWY_DYNAMIC_DISPATCH(read_in_lanes)(reinterpret_cast<const float*>(from), count, to);
      to += 2 * most_columns;
    }
  }
}

void GrappaSums::reset(std::int64_t gap, std::int64_t coils) {
  gap_ = gap;
  padded_ = (coils + 1) / 2 * 2;
  sums_.assign(static_cast<std::size_t>(2 * padded_ * signals() * grappa_lags), 0.0);
}

void GrappaSums::add(const CalibrationBlock& block, Positions positions, std::span<const double> weights,
                     const double* roots) {
  HWY_DYNAMIC_DISPATCH(add_block_in_lanes)(block, gap_, positions, weights, roots, sums_.data());
}

void GrappaSums::add(const GrappaSums& other) {
  std::ranges::transform(sums_, other.sums_, sums_.begin(), std::plus<>());
}

AlignedVector<double> grappa_roots(std::int64_t width) {
  constexpr std::int64_t columns = CalibrationBlock::most_columns;
  const std::int64_t blocks = (width + columns - 1) / columns;
  AlignedVector<double> roots(static_cast<std::size_t>(blocks * grappa_block_roots));
  const double turn = 2 * std::numbers::pi / static_cast<double>(width);
  for (std::int64_t x = 0; x < blocks * columns; ++x) {
    double* to = roots.data() + x / columns * grappa_block_roots + x % columns;
    for (std::int64_t lag = 0; lag < grappa_taps; ++lag) {
      const double angle = turn * static_cast<double>(lag * x % width);
      to[2 * lag * columns] = std::cos(angle);
      to[(2 * lag + 1) * columns] = std::sin(angle);
    }
  }
  return roots;
}

}  // namespace mriembed::kernels
#endif  // HWY_ONCE
