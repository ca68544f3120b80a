#include "kernels/cholesky.hpp"

#include <cmath>
#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cholesky.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mriembed::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Lanes = hn::CappedTag<double, 8>;

struct Complex {
  double real;
  double imaginary;
};

// The sum of a_k conj(b_k) over k < count.
HWY_INLINE Complex product(const double* HWY_RESTRICT a, const double* HWY_RESTRICT b, std::int64_t pitch,
                           std::int64_t count) {
  const Lanes d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  auto real = hn::Zero(d);
  auto imaginary = hn::Zero(d);
  for (std::int64_t k = 0; k < count; k += lanes) {
    const auto inside = hn::FirstN(d, static_cast<std::size_t>(count - k));
    const auto a_real = hn::MaskedLoad(inside, d, a + k);
    const auto a_imaginary = hn::MaskedLoad(inside, d, a + pitch + k);
    const auto b_real = hn::Load(d, b + k);
    const auto b_imaginary = hn::Load(d, b + pitch + k);
    real = hn::MulAdd(a_real, b_real, hn::MulAdd(a_imaginary, b_imaginary, real));
    imaginary = hn::MulAdd(a_imaginary, b_real, hn::NegMulAdd(a_real, b_imaginary, imaginary));
  }
  return {hn::GetLane(hn::SumOfLanes(d, real)), hn::GetLane(hn::SumOfLanes(d, imaginary))};
}

// a_k -= factor b_k for k < count, and up to the next multiple of the vector's length.
HWY_INLINE void subtract(Complex factor, const double* HWY_RESTRICT b, std::int64_t pitch, std::int64_t count,
                         double* HWY_RESTRICT a) {
  const Lanes d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto real = hn::Set(d, factor.real);
  const auto imaginary = hn::Set(d, factor.imaginary);
  for (std::int64_t k = 0; k < count; k += lanes) {
    const auto b_real = hn::Load(d, b + k);
    const auto b_imaginary = hn::Load(d, b + pitch + k);
    const auto a_real = hn::NegMulAdd(real, b_real, hn::Load(d, a + k));
    const auto a_imaginary = hn::NegMulAdd(real, b_imaginary, hn::Load(d, a + pitch + k));
    hn::Store(hn::MulAdd(imaginary, b_imaginary, a_real), d, a + k);
    hn::Store(hn::NegMulAdd(imaginary, b_real, a_imaginary), d, a + pitch + k);
  }
}

bool solve_in_lanes(double* parts, std::int64_t pitch, std::int64_t size, std::int64_t rows) {
  const auto row_at = [&](std::int64_t row) { return parts + 2 * row * pitch; };
  for (std::int64_t i = 0; i < size + rows; ++i) {
    double* row = row_at(i);
    for (std::int64_t j = 0; j < size && j < i; ++j) {
      const double* other = row_at(j);
      const Complex sum = product(row, other, pitch, j);
      row[j] = (row[j] - sum.real) / other[j];
      row[pitch + j] = (row[pitch + j] - sum.imaginary) / other[j];
    }
    if (i < size) {
      const double squared = row[i] - product(row, row, pitch, i).real;
      if (!(squared > 0) || !std::isfinite(squared)) {
        return false;
      }
      row[i] = std::sqrt(squared);
      row[pitch + i] = 0;
    }
  }
  for (std::int64_t i = size; i < size + rows; ++i) {
    double* row = row_at(i);
    for (std::int64_t j = size - 1; j >= 0; --j) {
      const double* other = row_at(j);
      row[j] /= other[j];
      row[pitch + j] /= other[j];
      const Complex found{row[j], row[pitch + j]};
      subtract(found, other, pitch, j, row);  // beyond the diagonal, `other` is zero
      row[j] = found.real;
      row[pitch + j] = found.imaginary;
    }
  }
  return true;
}

}  // namespace
}  // namespace mriembed::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mriembed::kernels {

HWY_EXPORT(solve_in_lanes);

void HermitianEquations::reset(std::int64_t size, std::int64_t rows) {
  constexpr std::int64_t group = 8;
  size_ = size;
  rows_ = rows;
  pitch_ = (size + group - 1) / group * group;
  parts_.assign(static_cast<std::size_t>(2 * (size + rows) * pitch_), 0.0);
}

bool HermitianEquations::solve() { return HWY_DYNAMIC_DISPATCH(solve_in_lanes)(parts_.data(), pitch_, size_, rows_); }

}  // namespace mriembed::kernels
#endif  // HWY_ONCE
