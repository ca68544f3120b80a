#include "kernels/predicted_line.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/predicted_line.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mriembed::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Lanes = hn::CappedTag<float, 16>;
using Vector = hn::Vec<Lanes>;

constexpr auto lanes = static_cast<std::int64_t>(hn::MaxLanes(Lanes()));

struct Complex {
  Vector real;
  Vector imaginary;
};

// As many samples as there are lanes, or those that are left and zeros.
HWY_INLINE Complex load(const std::complex<float>* samples, std::int64_t left) {
  const Lanes d;
  const auto* from = reinterpret_cast<const float*>(samples);
  Complex loaded;
  if (left >= lanes) {
    hn::LoadInterleaved2(d, from, loaded.real, loaded.imaginary);
  } else {
    HWY_ALIGN float pairs[2 * lanes] = {};
    std::copy_n(from, 2 * left, pairs);
    hn::LoadInterleaved2(d, pairs, loaded.real, loaded.imaginary);
  }
  return loaded;
}

HWY_INLINE void store(const Complex& value, std::int64_t left, std::complex<float>* samples) {
  const Lanes d;
  auto* to = reinterpret_cast<float*>(samples);
  if (left >= lanes) {
    hn::StoreInterleaved2(value.real, value.imaginary, d, to);
  } else {
    HWY_ALIGN float pairs[2 * lanes];
    hn::StoreInterleaved2(value.real, value.imaginary, d, pairs);
    std::copy_n(pairs, 2 * left, to);
  }
}

HWY_INLINE Complex operator-(const Complex& a, const Complex& b) {
  return {hn::Sub(a.real, b.real), hn::Sub(a.imaginary, b.imaginary)};
}

HWY_INLINE Vector power_of(const Complex& a) { return hn::MulAdd(a.real, a.real, hn::Mul(a.imaginary, a.imaginary)); }

// sum + conj(a) b
HWY_INLINE Complex add_product(const Complex& a, const Complex& b, const Complex& sum) {
  return {hn::MulAdd(a.imaginary, b.imaginary, hn::MulAdd(a.real, b.real, sum.real)),
          hn::NegMulAdd(a.imaginary, b.real, hn::MulAdd(a.real, b.imaginary, sum.imaginary))};
}

HWY_INLINE Complex times(Vector factor, const Complex& a) {
  return {hn::Mul(factor, a.real), hn::Mul(factor, a.imaginary)};
}

// m, a and p of a coil.
struct Parts {
  Complex measured;
  Complex from_before;
  Complex from_after;
};

HWY_INLINE Parts load_parts(const PredictedLine& line, std::int64_t coil, std::int64_t sample) {
  const std::int64_t place = coil * line.coil_stride + sample;
  const std::int64_t left = line.samples - sample;
  return {load(line.measured + place, left), load(line.from_before + place, left), load(line.from_after + place, left)};
}

void add_shares_in_lanes(const PredictedLine& line, double* HWY_RESTRICT sums) {
  const Lanes d;
  const auto residual_of = [&](std::int64_t coil, std::int64_t sample) {
    const Parts parts = load_parts(line, coil, sample);
    return power_of(parts.measured - parts.from_before - parts.from_after);
  };
  for (std::int64_t sample = 0; sample < line.samples; sample += lanes) {
    Vector all = hn::Zero(d);
    for (std::int64_t coil = 0; coil < line.coils; ++coil) {
      all = hn::Add(all, residual_of(coil, sample));
    }
    const Vector share = hn::IfThenElseZero(hn::Gt(all, hn::Set(d, 1e-30F)), hn::Div(hn::Set(d, 1.0F), all));
    for (std::int64_t coil = 0; coil < line.coils; ++coil) {
      const Vector shares = hn::Mul(share, residual_of(coil, sample));
      sums[coil] += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, shares)));
    }
  }
}

void write_products_in_lanes(const PredictedLine& line, const float* HWY_RESTRICT weights,
                             const LineProducts& products) {
  const Lanes d;
  for (std::int64_t sample = 0; sample < line.samples; sample += lanes) {
    Vector residual = hn::Zero(d);
    Complex with_before{hn::Zero(d), hn::Zero(d)};
    Complex with_after{hn::Zero(d), hn::Zero(d)};
    for (std::int64_t coil = 0; coil < line.coils; ++coil) {
      const Parts parts = load_parts(line, coil, sample);
      const Vector weight = hn::Set(d, weights[coil]);
      const Complex without_before = parts.measured - parts.from_before;
      const Complex without_after = parts.measured - parts.from_after;
      residual = hn::MulAdd(weight, power_of(without_before - parts.from_after), residual);
      with_before = add_product(times(weight, parts.from_before), without_after, with_before);
      with_after = add_product(times(weight, parts.from_after), without_before, with_after);
    }
    const std::int64_t left = line.samples - sample;
    store(with_before, left, products.with_before + sample);
    store(with_after, left, products.with_after + sample);
    if (left >= lanes) {
      hn::StoreU(residual, d, products.residual + sample);
    } else {
      HWY_ALIGN float last[lanes];
      hn::Store(residual, d, last);
      std::copy_n(last, left, products.residual + sample);
    }
  }
}

}  // namespace
}  // namespace mriembed::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mriembed::kernels {

HWY_EXPORT(add_shares_in_lanes);
HWY_EXPORT(write_products_in_lanes);

void add_residual_shares(const PredictedLine& line, double* sums) {
  HWY_DYNAMIC_DISPATCH(add_shares_in_lanes)(line, sums);
}

void write_line_products(const PredictedLine& line, const float* weights, const LineProducts& products) {
  HWY_DYNAMIC_DISPATCH(write_products_in_lanes)(line, weights, products);
}

}  // namespace mriembed::kernels
#endif  // HWY_ONCE
