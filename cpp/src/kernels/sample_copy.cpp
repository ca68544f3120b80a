#include "kernels/sample_copy.hpp"

#include <algorithm>
#include <bit>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/sample_copy.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mriembed::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Lanes = hn::CappedTag<float, 16>;
using Integers = hn::RebindToSigned<Lanes>;

std::int32_t copy_in_lanes(const float* HWY_RESTRICT from, std::int64_t count, float scale, float* HWY_RESTRICT to) {
  const Lanes d;
  const Integers di;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto factor = hn::Set(d, scale);
  const auto without_sign = hn::Set(di, 0x7FFFFFFF);
  auto peaks = hn::Zero(di);
  std::int64_t index = 0;
  for (; index + lanes <= count; index += lanes) {
    const auto parts = hn::LoadU(d, from + index);
    peaks = hn::Max(peaks, hn::And(hn::BitCast(di, parts), without_sign));
    hn::StoreU(hn::Mul(parts, factor), d, to + index);
  }
  std::int32_t peak = hn::GetLane(hn::MaxOfLanes(di, peaks));
  for (; index < count; ++index) {
    peak = std::max(peak, std::bit_cast<std::int32_t>(from[index]) & 0x7FFFFFFF);
    to[index] = from[index] * scale;
  }
  return peak;
}

}  // namespace
}  // namespace mriembed::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mriembed::kernels {

HWY_EXPORT(copy_in_lanes);

std::int32_t copy_scaled(const std::complex<float>* from, std::int64_t count, float scale, std::complex<float>* to) {
  return HWY_DYNAMIC_DISPATCH(copy_in_lanes)(reinterpret_cast<const float*>(from), 2 * count, scale,
                                             reinterpret_cast<float*>(to));
}

}  // namespace mriembed::kernels
#endif  // HWY_ONCE
