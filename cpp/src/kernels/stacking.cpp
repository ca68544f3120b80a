#include "kernels/stacking.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/stacking.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mriembed::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Lanes = hn::CappedTag<float, 16>;
using Vector = hn::Vec<Lanes>;

constexpr std::int64_t run_pixels = 1024;

// `parts` alternates real and imaginary parts.
void phase_sum_in_lanes(const float* HWY_RESTRICT parts, std::int64_t count, double* sums) {
  const Lanes d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  double real_sum = 0;
  double imaginary_sum = 0;
  std::int64_t pixel = 0;
  while (pixel + lanes <= count) {
    Vector real_run = hn::Zero(d);
    Vector imaginary_run = hn::Zero(d);
    const std::int64_t end = std::min(count, pixel + run_pixels);
    for (; pixel + lanes <= end; pixel += lanes) {
      Vector real;
      Vector imaginary;
      hn::LoadInterleaved2(d, parts + 2 * pixel, real, imaginary);
      const Vector magnitude = hn::Sqrt(hn::MulAdd(real, real, hn::Mul(imaginary, imaginary)));
      real_run = hn::MulAdd(real, magnitude, real_run);
      imaginary_run = hn::MulAdd(imaginary, magnitude, imaginary_run);
    }
    real_sum += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, real_run)));
    imaginary_sum += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, imaginary_run)));
  }
  for (; pixel < count; ++pixel) {
    const auto real = static_cast<double>(parts[2 * pixel]);
    const auto imaginary = static_cast<double>(parts[2 * pixel + 1]);
    const double magnitude = std::sqrt(real * real + imaginary * imaginary);
    real_sum += real * magnitude;
    imaginary_sum += imaginary * magnitude;
  }
  sums[0] = real_sum;
  sums[1] = imaginary_sum;
}

// `parts` alternates real and imaginary parts; which is which does not matter here.
double energy_in_lanes(const float* HWY_RESTRICT parts, std::int64_t count) {
  const Lanes d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  double sum = 0;
  std::int64_t part = 0;
  while (part + 2 * lanes <= 2 * count) {
    Vector even = hn::Zero(d);
    Vector odd = hn::Zero(d);
    const std::int64_t end = std::min(2 * count, part + 2 * run_pixels);
    for (; part + 2 * lanes <= end; part += 2 * lanes) {
      const Vector x = hn::LoadU(d, parts + part);
      const Vector y = hn::LoadU(d, parts + part + lanes);
      even = hn::MulAdd(x, x, even);
      odd = hn::MulAdd(y, y, odd);
    }
    sum += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, hn::Add(even, odd))));
  }
  for (; part < 2 * count; ++part) {
    sum += static_cast<double>(parts[part]) * static_cast<double>(parts[part]);
  }
  return sum;
}

void stack_in_lanes(const float* HWY_RESTRICT parts, std::int64_t count, float factor_real, float factor_imaginary,
                    float* HWY_RESTRICT real_output, float* HWY_RESTRICT imaginary_output) {
  const Lanes d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const Vector a = hn::Set(d, factor_real);
  const Vector b = hn::Set(d, factor_imaginary);
  std::int64_t pixel = 0;
  for (; pixel + lanes <= count; pixel += lanes) {
    Vector x;
    Vector y;
    hn::LoadInterleaved2(d, parts + 2 * pixel, x, y);
    hn::StoreU(hn::NegMulAdd(b, y, hn::Mul(a, x)), d, real_output + pixel);
    hn::StoreU(hn::MulAdd(b, x, hn::Mul(a, y)), d, imaginary_output + pixel);
  }
  for (; pixel < count; ++pixel) {
    const float x = parts[2 * pixel];
    const float y = parts[2 * pixel + 1];
    real_output[pixel] = factor_real * x - factor_imaginary * y;
    imaginary_output[pixel] = factor_real * y + factor_imaginary * x;
  }
}

}  // namespace
}  // namespace mriembed::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mriembed::kernels {

HWY_EXPORT(phase_sum_in_lanes);
HWY_EXPORT(energy_in_lanes);
HWY_EXPORT(stack_in_lanes);

double energy_of(const std::complex<float>* samples, std::int64_t count) {
  return HWY_DYNAMIC_DISPATCH(energy_in_lanes)(reinterpret_cast<const float*>(samples), count);
}

std::complex<double> phase_sum(const std::complex<float>* image, std::int64_t count) {
  double sums[2];
  HWY_DYNAMIC_DISPATCH(phase_sum_in_lanes)(reinterpret_cast<const float*>(image), count, sums);
  return {sums[0], sums[1]};
}

void stack_pixels(const std::complex<float>* image, std::int64_t count, std::complex<float> factor, float* real,
                  float* imaginary) {
  HWY_DYNAMIC_DISPATCH(stack_in_lanes)
  (reinterpret_cast<const float*>(image), count, factor.real(), factor.imag(), real, imaginary);
}

}  // namespace mriembed::kernels
#endif  // HWY_ONCE
