// The matrix products of Winograd convolution, one GEMM for each point of a tile. Included once per instruction set.

#include <hwy/highway.h>

#include <cstdint>
#include <utility>

#include "kernels/channels_last.hpp"

// Highway's own guard: the content is compiled anew for every target.
#if defined(MRIEMBED_WINOGRAD_GEMM_TARGET) == defined(HWY_TARGET_TOGGLE)
#ifdef MRIEMBED_WINOGRAD_GEMM_TARGET
#undef MRIEMBED_WINOGRAD_GEMM_TARGET
#else
#define MRIEMBED_WINOGRAD_GEMM_TARGET
#endif

HWY_BEFORE_NAMESPACE();
namespace mriembed::kernels::HWY_NAMESPACE {
namespace {  // NOLINT(misc-anonymous-namespace-in-header): each file compiles its own for each instruction set

namespace hn = hwy::HWY_NAMESPACE;

// A block of output channels is one vector of 16 floats or several shorter ones.
using Lanes = hn::CappedTag<float, static_cast<std::size_t>(channel_block)>;
using Vector = hn::Vec<Lanes>;
constexpr std::int64_t lanes = static_cast<std::int64_t>(hn::MaxLanes(Lanes()));

// Tiles whose sums stay in registers, two vectors of output channels each: 24 of 32 registers, or 10 of 16.
constexpr std::int64_t register_tiles = lanes == 16 ? 12 : 5;

// `Tiles` x terms times terms x (`Vectors` vectors of output channels).
template <int Tiles, int Vectors>
HWY_INLINE void multiply_tiles(const float* HWY_RESTRICT input, std::int64_t input_stride, std::int64_t terms,
                               const float* HWY_RESTRICT weight, const float* HWY_RESTRICT second_weight,
                               float* HWY_RESTRICT output, std::int64_t output_stride, std::int64_t second_output) {
  const Lanes f;
  Vector sum[Tiles][Vectors];
#pragma GCC unroll 16
  for (int tile = 0; tile < Tiles; ++tile) {
#pragma GCC unroll 2
    for (int vector = 0; vector < Vectors; ++vector) {
      sum[tile][vector] = hn::Zero(f);
    }
  }
  for (std::int64_t term = 0; term < terms; ++term) {
    const Vector w0 = hn::LoadU(f, weight + term * channel_block);
    Vector w1 = w0;
    if constexpr (Vectors > 1) {
      w1 = hn::LoadU(f, second_weight + term * channel_block);
    }
#pragma GCC unroll 16
    for (int tile = 0; tile < Tiles; ++tile) {
      const Vector x = hn::Set(f, input[tile * input_stride + term]);
      sum[tile][0] = hn::MulAdd(x, w0, sum[tile][0]);
      if constexpr (Vectors > 1) {
        sum[tile][1] = hn::MulAdd(x, w1, sum[tile][1]);
      }
    }
  }
#pragma GCC unroll 16
  for (int tile = 0; tile < Tiles; ++tile) {
    hn::StoreU(sum[tile][0], f, output + tile * output_stride);
    if constexpr (Vectors > 1) {
      hn::StoreU(sum[tile][1], f, output + tile * output_stride + second_output);
    }
  }
}

// The same for any number of tiles, in runs of nearly equal length.
template <int Vectors>
void multiply_vectors(const float* input, std::int64_t tiles, std::int64_t input_stride, std::int64_t terms,
                      const float* weight, const float* second_weight, float* output, std::int64_t output_stride,
                      std::int64_t second_output) {
  const auto run = [&]<int Tiles>(std::int64_t first) HWY_ATTR {
    multiply_tiles<Tiles, Vectors>(input + first * input_stride, input_stride, terms, weight, second_weight,
                                   output + first * output_stride, output_stride, second_output);
  };
  const std::int64_t runs = (tiles + register_tiles - 1) / register_tiles;
  for (std::int64_t index = 0; index < runs; ++index) {
    const std::int64_t first = tiles * index / runs;
    const std::int64_t length = tiles * (index + 1) / runs - first;
    [&]<int... Lengths>(std::integer_sequence<int, Lengths...>) HWY_ATTR {
      static_cast<void>(((length == Lengths + 1 ? (run.template operator()<Lengths + 1>(first), true) : false) || ...));
    }(std::make_integer_sequence<int, static_cast<int>(register_tiles)>());
  }
}

// (tile, term) times the point's weights, (block of output channels, term, output channel of the block), to
// (tile, output channel).
inline void multiply_at_point(const float* input, std::int64_t tiles, std::int64_t input_stride, std::int64_t terms,
                              const float* weight, std::int64_t blocks, float* output) {
  const std::int64_t block_floats = terms * channel_block;
  const std::int64_t output_stride = blocks * channel_block;
  for (std::int64_t block = 0; block < blocks; ++block) {
    const float* here = weight + block * block_floats;
    float* to = output + block * channel_block;
    if constexpr (lanes == channel_block) {
      if (block + 1 < blocks) {
        multiply_vectors<2>(input, tiles, input_stride, terms, here, here + block_floats, to, output_stride,
                            channel_block);
        ++block;
      } else {
        multiply_vectors<1>(input, tiles, input_stride, terms, here, here, to, output_stride, 0);
      }
    } else {
      for (std::int64_t lane = 0; lane < channel_block; lane += 2 * lanes) {
        multiply_vectors<2>(input, tiles, input_stride, terms, here + lane, here + lane + lanes, to + lane,
                            output_stride, lanes);
      }
    }
  }
}

}  // namespace
}  // namespace mriembed::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
