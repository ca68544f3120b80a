#include "kernels/peak.hpp"

#include <algorithm>
#include <bit>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/peak.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mriembed::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Lanes = hn::CappedTag<float, 16>;
using Integers = hn::RebindToSigned<Lanes>;

std::int32_t peak_in_lanes(const float* HWY_RESTRICT parts, std::int64_t count) {
  const Lanes d;
  const Integers di;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto without_sign = hn::Set(di, 0x7FFFFFFF);
  const auto magnitude = [&](std::int64_t index) {
    return hn::And(hn::BitCast(di, hn::LoadU(d, parts + index)), without_sign);
  };
  auto even = hn::Zero(di);
  auto odd = hn::Zero(di);
  std::int64_t index = 0;
  for (; index + 2 * lanes <= count; index += 2 * lanes) {
    even = hn::Max(even, magnitude(index));
    odd = hn::Max(odd, magnitude(index + lanes));
  }
  std::int32_t peak = hn::GetLane(hn::MaxOfLanes(di, hn::Max(even, odd)));
  for (; index < count; ++index) {
    peak = std::max(peak, std::bit_cast<std::int32_t>(parts[index]) & 0x7FFFFFFF);
  }
  return peak;
}

}  // namespace
}  // namespace mriembed::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mriembed::kernels {

HWY_EXPORT(peak_in_lanes);

std::int32_t peak_bits(const std::complex<float>* samples, std::int64_t count) {
  return HWY_DYNAMIC_DISPATCH(peak_in_lanes)(reinterpret_cast<const float*>(samples), 2 * count);
}

float largest_magnitude(const float* values, std::int64_t count) {
  return std::bit_cast<float>(HWY_DYNAMIC_DISPATCH(peak_in_lanes)(values, count));
}

}  // namespace mriembed::kernels
#endif  // HWY_ONCE
