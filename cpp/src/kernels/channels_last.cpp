#include "kernels/channels_last.hpp"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/channels_last.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mriembed::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Lanes = hn::CappedTag<float, static_cast<std::size_t>(channel_block)>;
using Pairs = hn::Repartition<double, Lanes>;
using Bits = hn::RebindToUnsigned<Lanes>;
using Vector = hn::Vec<Lanes>;
constexpr std::int64_t lanes = static_cast<std::int64_t>(hn::MaxLanes(Lanes()));
constexpr std::int64_t quad = 4;  // channels that are transposed at once: the floats of 128 bits

#if HWY_TARGET != HWY_SCALAR

// Stores each four neighbours of `v` `distance` floats apart.
template <typename D>
HWY_INLINE void store_quads(D d, hn::Vec<D> v, float* to, std::int64_t distance) {
  if constexpr (hn::MaxLanes(D()) <= quad) {
    hn::StoreU(v, d, to);
  } else {
    const hn::Half<D> half;
    store_quads(half, hn::LowerHalf(half, v), to, distance);
    store_quads(half, hn::UpperHalf(half, v), to + static_cast<std::int64_t>(hn::MaxLanes(half)) / quad * distance,
                distance);
  }
}

// Transposes the first channels, in fours, and the first pixels, whole vectors of them; returns their peak.
std::uint32_t interleave_quads(const float* planes, std::int64_t plane, std::int64_t channels, std::int64_t pixels,
                               float* HWY_RESTRICT output, std::int64_t pixel_floats) {
  const Lanes f;
  const Pairs p;
  const Bits u;
  auto peaks = hn::Zero(u);
  for (std::int64_t channel = 0; channel < channels; channel += quad) {
    const float* from = planes + channel * plane;
    for (std::int64_t pixel = 0; pixel < pixels; pixel += lanes) {
      // The next row of each plane follows this one. No processor fetches so many short runs ahead on its own.
      for (std::int64_t index = 0; index < quad; ++index) {
        __builtin_prefetch(from + index * plane + pixels + pixel, 0, 2);
      }
      const Vector a = hn::LoadU(f, from + pixel);
      const Vector b = hn::LoadU(f, from + plane + pixel);
      const Vector c = hn::LoadU(f, from + 2 * plane + pixel);
      const Vector d = hn::LoadU(f, from + 3 * plane + pixel);
      const auto larger = hn::Max(hn::Max(hn::BitCast(u, hn::Abs(a)), hn::BitCast(u, hn::Abs(b))),
                                  hn::Max(hn::BitCast(u, hn::Abs(c)), hn::BitCast(u, hn::Abs(d))));
      peaks = hn::Max(peaks, larger);
      const auto ab_low = hn::BitCast(p, hn::InterleaveLower(f, a, b));
      const auto ab_high = hn::BitCast(p, hn::InterleaveUpper(f, a, b));
      const auto cd_low = hn::BitCast(p, hn::InterleaveLower(f, c, d));
      const auto cd_high = hn::BitCast(p, hn::InterleaveUpper(f, c, d));
      float* to = output + pixel * pixel_floats + channel;
      const std::int64_t distance = quad * pixel_floats;
      store_quads(f, hn::BitCast(f, hn::InterleaveLower(p, ab_low, cd_low)), to, distance);
      store_quads(f, hn::BitCast(f, hn::InterleaveUpper(p, ab_low, cd_low)), to + pixel_floats, distance);
      store_quads(f, hn::BitCast(f, hn::InterleaveLower(p, ab_high, cd_high)), to + 2 * pixel_floats, distance);
      store_quads(f, hn::BitCast(f, hn::InterleaveUpper(p, ab_high, cd_high)), to + 3 * pixel_floats, distance);
    }
  }
  return hn::GetLane(hn::MaxOfLanes(u, peaks));
}

#else

std::uint32_t interleave_quads(const float*, std::int64_t, std::int64_t, std::int64_t, float*, std::int64_t) {
  return 0;  // one lane: no vector holds four channels
}

#endif

std::uint32_t magnitude_bits(float value) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return bits & 0x7FFFFFFFU;
}

std::uint32_t interleave_row_in_lanes(const float* planes, std::int64_t plane, std::int64_t channels,
                                      std::int64_t pixels, float* HWY_RESTRICT output, std::int64_t pixel_floats) {
  const std::int64_t in_quads = lanes < quad ? 0 : channels / quad * quad;
  const std::int64_t in_vectors = lanes < quad ? 0 : pixels / lanes * lanes;
  std::uint32_t peak = interleave_quads(planes, plane, in_quads, in_vectors, output, pixel_floats);
  for (std::int64_t channel = 0; channel < channels; ++channel) {
    const float* from = planes + channel * plane;
    for (std::int64_t pixel = channel < in_quads ? in_vectors : 0; pixel < pixels; ++pixel) {
      output[pixel * pixel_floats + channel] = from[pixel];
      peak = std::max(peak, magnitude_bits(from[pixel]));
    }
  }
  return peak;
}

}  // namespace
}  // namespace mriembed::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mriembed::kernels {

HWY_EXPORT(interleave_row_in_lanes);

std::uint32_t interleave_row(const float* planes, std::int64_t plane, std::int64_t channels, std::int64_t pixels,
                             float* output, std::int64_t pixel_floats) {
  return HWY_DYNAMIC_DISPATCH(interleave_row_in_lanes)(planes, plane, channels, pixels, output, pixel_floats);
}

}  // namespace mriembed::kernels
#endif  // HWY_ONCE
