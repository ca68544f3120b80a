#include "kernels/sample_power.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/sample_power.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mriembed::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Lanes = hn::CappedTag<double, 8>;
using Vector = hn::Vec<Lanes>;

// |v|^2 of as many samples as there are lanes.
HWY_INLINE Vector power_at(const float* HWY_RESTRICT parts) {
  const Lanes d;
  const hn::Rebind<float, Lanes> narrow;
  hn::Vec<decltype(narrow)> real;
  hn::Vec<decltype(narrow)> imaginary;
  hn::LoadInterleaved2(narrow, parts, real, imaginary);
  const Vector x = hn::PromoteTo(d, real);
  const Vector y = hn::PromoteTo(d, imaginary);
  return hn::MulAdd(x, x, hn::Mul(y, y));
}

HWY_INLINE double power_of_sample(const float* parts) {
  const auto real = static_cast<double>(parts[0]);
  const auto imaginary = static_cast<double>(parts[1]);
  return real * real + imaginary * imaginary;
}

double power_in_lanes(const float* HWY_RESTRICT parts, std::int64_t count) {
  const Lanes d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  Vector even = hn::Zero(d);
  Vector odd = hn::Zero(d);
  std::int64_t sample = 0;
  for (; sample + 2 * lanes <= count; sample += 2 * lanes) {
    even = hn::Add(even, power_at(parts + 2 * sample));
    odd = hn::Add(odd, power_at(parts + 2 * (sample + lanes)));
  }
  double sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(even, odd)));
  for (; sample < count; ++sample) {
    sum += power_of_sample(parts + 2 * sample);
  }
  return sum;
}

void add_power_in_lanes(const float* HWY_RESTRICT parts, std::int64_t count, float scale, float* HWY_RESTRICT sums) {
  const hn::CappedTag<float, 16> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto factor = hn::Set(d, scale);
  std::int64_t sample = 0;
  for (; sample + lanes <= count; sample += lanes) {
    hn::Vec<decltype(d)> real;
    hn::Vec<decltype(d)> imaginary;
    hn::LoadInterleaved2(d, parts + 2 * sample, real, imaginary);
    real = hn::Mul(factor, real);
    imaginary = hn::Mul(factor, imaginary);
    const auto sum = hn::MulAdd(real, real, hn::LoadU(d, sums + sample));
    hn::StoreU(hn::MulAdd(imaginary, imaginary, sum), d, sums + sample);
  }
  for (; sample < count; ++sample) {
    const float real = scale * parts[2 * sample];
    const float imaginary = scale * parts[2 * sample + 1];
    sums[sample] += real * real + imaginary * imaginary;
  }
}

}  // namespace
}  // namespace mriembed::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mriembed::kernels {

HWY_EXPORT(power_in_lanes);
HWY_EXPORT(add_power_in_lanes);

double power_of(const std::complex<float>* samples, std::int64_t count) {
  return HWY_DYNAMIC_DISPATCH(power_in_lanes)(reinterpret_cast<const float*>(samples), count);
}

void add_power(const std::complex<float>* samples, std::int64_t count, float scale, float* sums) {
  HWY_DYNAMIC_DISPATCH(add_power_in_lanes)(reinterpret_cast<const float*>(samples), count, scale, sums);
}

}  // namespace mriembed::kernels
#endif  // HWY_ONCE
