#include "kernels/combined_image.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/combined_image.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mriembed::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Lanes = hn::CappedTag<float, 16>;
using One = hn::CappedTag<float, 1>;

// Sums are taken in float32 over at most so many vectors, and from there on in float64.
constexpr std::int64_t run_vectors = 64;

// Runs at(d, pixel) -> vector for all pixels, by whole vectors and then one by one, and returns the sum of the results.
template <typename At>
HWY_INLINE double sum_over_pixels(std::int64_t pixels, const At& at) {
  const Lanes d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  double sum = 0;
  std::int64_t pixel = 0;
  while (pixel + lanes <= pixels) {
    auto run = hn::Zero(d);
    const std::int64_t end = std::min(pixels, pixel + run_vectors * lanes);
    for (; pixel + lanes <= end; pixel += lanes) {
      run = hn::Add(run, at(d, pixel));
    }
    sum += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, run)));
  }
  for (; pixel < pixels; ++pixel) {
    sum += static_cast<double>(hn::GetLane(at(One(), pixel)));
  }
  return sum;
}

double combine_in_lanes(const float* HWY_RESTRICT images, const float* HWY_RESTRICT low, std::int64_t coils,
                        std::int64_t stride, std::int64_t pixels, float darkest, float* HWY_RESTRICT combined,
                        float* HWY_RESTRICT power) {
  return sum_over_pixels(pixels, [&](auto d, std::int64_t pixel) HWY_ATTR {
    auto real = hn::Zero(d);
    auto imaginary = hn::Zero(d);
    auto strength = hn::Set(d, darkest);
    for (std::int64_t coil = 0; coil < coils; ++coil) {
      const std::int64_t from = 2 * (coil * stride + pixel);
      auto v_real = hn::Zero(d);
      auto v_imaginary = hn::Zero(d);
      auto l_real = hn::Zero(d);
      auto l_imaginary = hn::Zero(d);
      hn::LoadInterleaved2(d, images + from, v_real, v_imaginary);
      hn::LoadInterleaved2(d, low + from, l_real, l_imaginary);
      real = hn::MulAdd(l_real, v_real, hn::MulAdd(l_imaginary, v_imaginary, real));
      imaginary = hn::MulAdd(l_real, v_imaginary, hn::NegMulAdd(l_imaginary, v_real, imaginary));
      strength = hn::MulAdd(l_real, l_real, hn::MulAdd(l_imaginary, l_imaginary, strength));
    }
    const auto factor = hn::Div(hn::Set(d, 1.0F), hn::Sqrt(strength));
    real = hn::Mul(real, factor);
    imaginary = hn::Mul(imaginary, factor);
    const auto squared = hn::MulAdd(real, real, hn::Mul(imaginary, imaginary));
    hn::StoreInterleaved2(real, imaginary, d, combined + 2 * pixel);
    hn::StoreInterleaved2(squared, hn::Zero(d), d, power + 2 * pixel);
    return squared;
  });
}

double even_in_lanes(const float* HWY_RESTRICT combined, const float* HWY_RESTRICT local, std::int64_t pixels,
                     float darkest, float* HWY_RESTRICT magnitude, float* HWY_RESTRICT real_part) {
  return sum_over_pixels(pixels, [&](auto d, std::int64_t pixel) HWY_ATTR {
    auto brightness = hn::Set(d, darkest);
    auto real = hn::Zero(d);
    auto imaginary = hn::Zero(d);
    if (local != nullptr) {
      hn::LoadInterleaved2(d, local + 2 * pixel, real, imaginary);
      brightness = hn::Add(brightness, hn::Max(real, hn::Zero(d)));
    }
    hn::LoadInterleaved2(d, combined + 2 * pixel, real, imaginary);
    const auto factor = hn::Div(hn::Set(d, 1.0F), hn::Sqrt(brightness));
    real = hn::Mul(real, factor);
    imaginary = hn::Mul(imaginary, factor);
    const auto real_squared = hn::Mul(real, real);
    const auto squared = hn::MulAdd(imaginary, imaginary, real_squared);
    hn::StoreU(hn::Sqrt(squared), d, magnitude + pixel);
    hn::StoreU(real, d, real_part + pixel);
    return hn::Add(squared, real_squared);
  });
}

void scale_in_lanes(float* HWY_RESTRICT numbers, std::int64_t count, float factor) {
  const Lanes d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto factors = hn::Set(d, factor);
  std::int64_t index = 0;
  for (; index + lanes <= count; index += lanes) {
    hn::StoreU(hn::Mul(hn::LoadU(d, numbers + index), factors), d, numbers + index);
  }
  for (; index < count; ++index) {
    numbers[index] *= factor;
  }
}

}  // namespace
}  // namespace mriembed::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mriembed::kernels {

HWY_EXPORT(combine_in_lanes);
HWY_EXPORT(even_in_lanes);
HWY_EXPORT(scale_in_lanes);

double combine_images(const std::complex<float>* images, const std::complex<float>* low, std::int64_t coils,
                      std::int64_t stride, std::int64_t pixels, float darkest, std::complex<float>* combined,
                      std::complex<float>* power) {
  return HWY_DYNAMIC_DISPATCH(combine_in_lanes)(reinterpret_cast<const float*>(images),
                                                reinterpret_cast<const float*>(low), coils, stride, pixels, darkest,
                                                reinterpret_cast<float*>(combined), reinterpret_cast<float*>(power));
}

double even_brightness(const std::complex<float>* combined, const std::complex<float>* local, std::int64_t pixels,
                       float darkest, float* magnitude, float* real) {
  return HWY_DYNAMIC_DISPATCH(even_in_lanes)(reinterpret_cast<const float*>(combined),
                                             reinterpret_cast<const float*>(local), pixels, darkest, magnitude, real);
}

void scale(float* numbers, std::int64_t count, float factor) {
  HWY_DYNAMIC_DISPATCH(scale_in_lanes)(numbers, count, factor);
}

}  // namespace mriembed::kernels
#endif  // HWY_ONCE
