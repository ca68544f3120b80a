#include "kernels/energy.hpp"

#include <algorithm>
#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/energy.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mriembed::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Lanes = hn::CappedTag<float, 16>;
using Vector = hn::Vec<Lanes>;

constexpr std::int64_t run_pixels = 1024;

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

}  // namespace
}  // namespace mriembed::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mriembed::kernels {

HWY_EXPORT(energy_in_lanes);

double energy_of(const std::complex<float>* samples, std::int64_t count) {
  return HWY_DYNAMIC_DISPATCH(energy_in_lanes)(reinterpret_cast<const float*>(samples), count);
}

}  // namespace mriembed::kernels
#endif  // HWY_ONCE
