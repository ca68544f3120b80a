#include "kernels/virtual_coils.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/virtual_coils.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mriembed::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Lanes = hn::CappedTag<float, static_cast<std::size_t>(CoilBlock::pixel_group)>;
using Vector = hn::Vec<Lanes>;

constexpr auto lanes = static_cast<std::int64_t>(hn::MaxLanes(Lanes()));
constexpr int group = static_cast<int>(CoilWeights::group);

// Vectors of pixels whose sums stay in registers: 16 of 32, or 8 of 16.
constexpr int tile_vectors = lanes == 16 ? 2 : 1;

// The first `planes` virtual coils of a group at `Vectors` vectors of pixels, of which the first `count` pixels exist.
template <int Vectors>
HWY_INLINE void compress_tile(const CoilBlock& block, const float* HWY_RESTRICT weight, std::int64_t first,
                              std::int64_t count, std::int64_t planes, float* HWY_RESTRICT output,
                              std::int64_t plane_floats, bool fetch) {
  const Lanes d;
  Vector real[Vectors][group];
  Vector imaginary[Vectors][group];
#pragma GCC unroll 2
  for (int vector = 0; vector < Vectors; ++vector) {
#pragma GCC unroll 4
    for (int member = 0; member < group; ++member) {
      real[vector][member] = hn::Zero(d);
      imaginary[vector][member] = hn::Zero(d);
    }
  }
  const float* HWY_RESTRICT samples = block.real(0) + first;
  const std::int64_t part = block.imaginary(0) - block.real(0);
  for (std::int64_t coil = 0; coil < block.coils(); ++coil) {
    Vector x[Vectors];
    Vector y[Vectors];
#pragma GCC unroll 2
    for (int vector = 0; vector < Vectors; ++vector) {
      x[vector] = hn::LoadU(d, samples + vector * lanes);
      y[vector] = hn::LoadU(d, samples + part + vector * lanes);
    }
#pragma GCC unroll 4
    for (int member = 0; member < group; ++member) {
      const Vector a = hn::Set(d, weight[std::ptrdiff_t{2} * member]);
      const Vector b = hn::Set(d, weight[std::ptrdiff_t{2} * member + 1]);
#pragma GCC unroll 2
      for (int vector = 0; vector < Vectors; ++vector) {
        real[vector][member] = hn::MulAdd(a, x[vector], real[vector][member]);
        imaginary[vector][member] = hn::MulAdd(a, y[vector], imaginary[vector][member]);
        real[vector][member] = hn::NegMulAdd(b, y[vector], real[vector][member]);
        imaginary[vector][member] = hn::MulAdd(b, x[vector], imaginary[vector][member]);
      }
    }
    if (fetch) {
      const char* upcoming = block.upcoming(coil) + 8 * first;
      for (std::int64_t line = 0; line < Vectors * lanes * 8; line += 64) {
        hwy::Prefetch(upcoming + line);
      }
    }
    samples += 2 * part;
    weight += 2 * CoilWeights::group;
  }
#pragma GCC unroll 2
  for (int vector = 0; vector < Vectors; ++vector) {
    const std::int64_t left = std::min(count - vector * lanes, lanes);
#pragma GCC unroll 4
    for (int member = 0; member < group; ++member) {
      const Vector v_real = real[vector][member];
      const Vector v_imaginary = imaginary[vector][member];
      float* to = output + member * plane_floats + 2 * lanes * vector;
      if (left == lanes) {
        if (member < planes) {
          hn::StoreInterleaved2(v_real, v_imaginary, d, to);
        }
      } else {
        HWY_ALIGN float pairs[2 * lanes];
        hn::StoreInterleaved2(v_real, v_imaginary, d, pairs);
        if (member < planes) {
          std::copy_n(pairs, 2 * left, to);
        }
      }
    }
  }
}

void compress_in_lanes(const CoilBlock& block, const CoilWeights& weights, std::int64_t first, std::int64_t pixels,
                       float* output, std::int64_t plane_floats) {
  constexpr std::int64_t step = tile_vectors * lanes;
  for (std::int64_t pixel = 0; pixel < pixels;) {
    const std::int64_t left = pixels - pixel;
    for (std::int64_t member = 0; member < weights.virtual_coils(); member += group) {
      float* to = output + member * plane_floats + 2 * pixel;
      const std::int64_t planes = weights.virtual_coils() - member;
      if (left >= step) {
        compress_tile<tile_vectors>(block, weights.of_group(member), first + pixel, left, planes, to, plane_floats,
                                    member == 0);
      } else {
        compress_tile<1>(block, weights.of_group(member), first + pixel, left, planes, to, plane_floats, member == 0);
      }
    }
    pixel += left >= step ? step : lanes;
  }
}

}  // namespace
}  // namespace mriembed::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mriembed::kernels {

HWY_EXPORT(compress_in_lanes);

void CoilWeights::assign(std::span<const std::complex<float>> weights, std::int64_t coils) {
  coils_ = coils;
  virtual_coils_ = static_cast<std::int64_t>(weights.size()) / coils;
  const std::int64_t padded = (virtual_coils_ + group - 1) / group * group;
  packed_.assign(static_cast<std::size_t>(padded * coils * 2), 0.0F);
  for (std::int64_t member = 0; member < virtual_coils_; ++member) {
    for (std::int64_t coil = 0; coil < coils; ++coil) {
      const std::complex<float> weight = weights[static_cast<std::size_t>(member * coils + coil)];
      const std::int64_t to = ((member / group * coils + coil) * group + member % group) * 2;
      packed_[static_cast<std::size_t>(to)] = weight.real();
      packed_[static_cast<std::size_t>(to) + 1] = weight.imag();
    }
  }
}

void compress_coils(const CoilBlock& block, const CoilWeights& weights, std::int64_t first, std::int64_t pixels,
                    std::complex<float>* output, std::int64_t plane_stride) {
  HWY_DYNAMIC_DISPATCH(compress_in_lanes)(block, weights, first, pixels, reinterpret_cast<float*>(output),
                                          2 * plane_stride);
}

}  // namespace mriembed::kernels
#endif  // HWY_ONCE
