#include "kernels/coil_block.hpp"

#include <algorithm>
#include <bit>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/coil_block.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mriembed::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Lanes = hn::CappedTag<float, static_cast<std::size_t>(CoilBlock::pixel_group)>;
using Integers = hn::RebindToSigned<Lanes>;

// One coil. Complex numbers are pairs of floats (C++ guarantees it).
std::int32_t split_in_lanes(const float* HWY_RESTRICT samples, std::int64_t pixels, float scale,
                            float* HWY_RESTRICT real, float* HWY_RESTRICT imaginary) {
  const Lanes d;
  const Integers di;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto factor = hn::Set(d, scale);
  const auto without_sign = hn::Set(di, 0x7FFFFFFF);
  auto peaks = hn::Zero(di);
  std::int64_t pixel = 0;
  for (; pixel + lanes <= pixels; pixel += lanes) {
    hn::Vec<Lanes> x;
    hn::Vec<Lanes> y;
    hn::LoadInterleaved2(d, samples + 2 * pixel, x, y);
    peaks = hn::Max(peaks, hn::And(hn::BitCast(di, x), without_sign));
    peaks = hn::Max(peaks, hn::And(hn::BitCast(di, y), without_sign));
    hn::Store(hn::Mul(x, factor), d, real + pixel);
    hn::Store(hn::Mul(y, factor), d, imaginary + pixel);
  }
  std::int32_t peak = hn::GetLane(hn::MaxOfLanes(di, peaks));
  for (; pixel < pixels; ++pixel) {
    for (const float part : {samples[2 * pixel], samples[2 * pixel + 1]}) {
      peak = std::max(peak, std::bit_cast<std::int32_t>(part) & 0x7FFFFFFF);
    }
    real[pixel] = samples[2 * pixel] * scale;
    imaginary[pixel] = samples[2 * pixel + 1] * scale;
  }
  for (; pixel % CoilBlock::pixel_group != 0; ++pixel) {
    real[pixel] = 0;
    imaginary[pixel] = 0;
  }
  return peak;
}

}  // namespace
}  // namespace mriembed::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mriembed::kernels {

HWY_EXPORT(split_in_lanes);

void CoilBlock::resize(std::int64_t coils) {
  if (coils == coils_) {
    return;
  }
  const std::int64_t padded = (coils + coil_group - 1) / coil_group * coil_group;
  const auto floats = static_cast<std::size_t>(2 * padded * pitch);
  coils_ = 0;
  data_ = aligned_array<float>(floats);
  std::fill_n(data_.get(), floats, 0.0F);
  coils_ = coils;
}

std::int32_t CoilBlock::read(const std::complex<float>* samples, std::int64_t coil_stride, std::int64_t pixels,
                             float scale) {
  const auto split = HWY_DYNAMIC_DISPATCH(split_in_lanes);
  std::int32_t peak = 0;
  for (std::int64_t coil = 0; coil < coils_; ++coil) {
    const auto* parts = reinterpret_cast<const float*>(samples + coil * coil_stride);
    float* real = data_.get() + 2 * coil * pitch;
    peak = std::max(peak, split(parts, pixels, scale, real, real + pitch));
  }
  pixels_ = pixels;
  upcoming_ = reinterpret_cast<const char*>(samples + pixels);
  coil_stride_ = coil_stride;
  return peak;
}

}  // namespace mriembed::kernels
#endif  // HWY_ONCE
