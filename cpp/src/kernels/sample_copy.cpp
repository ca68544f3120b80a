#include "kernels/sample_copy.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/sample_copy.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mriembed::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Lanes = hn::CappedTag<float, 16>;

void copy_in_lanes(const float* HWY_RESTRICT from, std::int64_t count, float scale, float* HWY_RESTRICT to) {
  const Lanes d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto factor = hn::Set(d, scale);
  std::int64_t index = 0;
  for (; index + lanes <= count; index += lanes) {
    hn::StoreU(hn::Mul(hn::LoadU(d, from + index), factor), d, to + index);
  }
  for (; index < count; ++index) {
    to[index] = from[index] * scale;
  }
}

}  // namespace
}  // namespace mriembed::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mriembed::kernels {

HWY_EXPORT(copy_in_lanes);

void copy_scaled(const std::complex<float>* from, std::int64_t count, float scale, std::complex<float>* to) {
  HWY_DYNAMIC_DISPATCH(copy_in_lanes)(reinterpret_cast<const float*>(from), 2 * count, scale,
                                      reinterpret_cast<float*>(to));
}

}  // namespace mriembed::kernels
#endif  // HWY_ONCE
