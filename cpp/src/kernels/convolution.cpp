#include "kernels/convolution.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/convolution.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mriembed::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// A block of output channels is one vector of 16 floats or several shorter ones.
using Lanes = hn::CappedTag<float, static_cast<std::size_t>(channel_block)>;
using Vector = hn::Vec<Lanes>;
constexpr int lanes = static_cast<int>(hn::MaxLanes(Lanes()));

// Pixels whose sums stay in registers, two vectors of output channels each: 24 of 32 registers, or 10 of 16.
constexpr int tile_pixels = lanes == 16 ? 12 : 5;

// Output channels `channel` and on of `Pixels` neighbouring pixels. `second` is how far behind the first vector's
// weights the second's are.
template <int Pixels, int Vectors>
HWY_INLINE void convolve_tile(const InputRows& input, std::int64_t offset, std::int64_t step, std::int64_t in_channels,
                              const float* HWY_RESTRICT weight, const float* HWY_RESTRICT second_weight,
                              float* HWY_RESTRICT output, std::int64_t output_stride, std::int64_t second_output) {
  const Lanes d;
  Vector sum[Pixels][Vectors];
  for (int pixel = 0; pixel < Pixels; ++pixel) {
    for (int vector = 0; vector < Vectors; ++vector) {
      sum[pixel][vector] = hn::Zero(d);
    }
  }
  for (const float* row : input.row) {
    const float* HWY_RESTRICT samples = row + offset;
    for (int column = 0; column < 3; ++column) {
      const float* HWY_RESTRICT x = samples + column * input.pixel_stride;
      for (std::int64_t channel = 0; channel < in_channels; ++channel) {
        const Vector w0 = hn::LoadU(d, weight);
        Vector w1 = w0;
        if constexpr (Vectors > 1) {
          w1 = hn::LoadU(d, second_weight);
        }
#pragma GCC unroll 16
        for (int pixel = 0; pixel < Pixels; ++pixel) {
          const Vector sample = hn::Set(d, x[channel + pixel * step]);
          sum[pixel][0] = hn::MulAdd(sample, w0, sum[pixel][0]);
          if constexpr (Vectors > 1) {
            sum[pixel][1] = hn::MulAdd(sample, w1, sum[pixel][1]);
          }
        }
        weight += channel_block;
        second_weight += channel_block;
      }
    }
  }
  for (int pixel = 0; pixel < Pixels; ++pixel) {
    hn::StoreU(sum[pixel][0], d, output + pixel * output_stride);
    if constexpr (Vectors > 1) {
      hn::StoreU(sum[pixel][1], d, output + pixel * output_stride + second_output);
    }
  }
}

template <int Vectors>
void convolve_vectors(const PackedConvolution& convolution, const float* weight, const float* second_weight,
                      const InputRows& input, std::int64_t stride, std::int64_t pixels, float* output,
                      std::int64_t output_stride, std::int64_t second_output) {
  const std::int64_t step = stride * input.pixel_stride;
  const std::int64_t in_channels = convolution.in_channels();
  const auto tile = [&]<int Pixels>(std::int64_t pixel) {
    convolve_tile<Pixels, Vectors>(input, pixel * step, step, in_channels, weight, second_weight,
                                   output + pixel * output_stride, output_stride, second_output);
  };
  std::int64_t pixel = 0;
  for (; pixel + tile_pixels <= pixels; pixel += tile_pixels) {
    tile.template operator()<tile_pixels>(pixel);
  }
  if constexpr (tile_pixels > 4) {
    for (; pixel + 4 <= pixels; pixel += 4) {
      tile.template operator()<4>(pixel);
    }
  }
  for (; pixel < pixels; ++pixel) {
    tile.template operator()<1>(pixel);
  }
}

void convolve_row_in_lanes(const PackedConvolution& convolution, std::int64_t block, const InputRows& input,
                           std::int64_t stride, std::int64_t pixels, float* output, std::int64_t output_stride) {
  output += block * channel_block;
  const bool pair = block + 1 < convolution.blocks();
  if constexpr (lanes == channel_block) {
    const float* weight = convolution.weight(block);
    if (pair) {
      convolve_vectors<2>(convolution, weight, convolution.weight(block + 1), input, stride, pixels, output,
                          output_stride, channel_block);
    } else {
      convolve_vectors<1>(convolution, weight, weight, input, stride, pixels, output, output_stride, 0);
    }
  } else {
    for (std::int64_t one = block; one < block + (pair ? 2 : 1); ++one) {
      for (std::int64_t lane = 0; lane < channel_block; lane += std::int64_t{2} * lanes) {
        const float* w = convolution.weight(one) + lane;
        convolve_vectors<2>(convolution, w, w + lanes, input, stride, pixels,
                            output + (one - block) * channel_block + lane, output_stride, lanes);
      }
    }
  }
}

}  // namespace
}  // namespace mriembed::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mriembed::kernels {

HWY_EXPORT(convolve_row_in_lanes);

void convolve_row(const PackedConvolution& convolution, std::int64_t block, const InputRows& input, std::int64_t stride,
                  std::int64_t pixels, float* output, std::int64_t output_stride) {
  HWY_DYNAMIC_DISPATCH(convolve_row_in_lanes)(convolution, block, input, stride, pixels, output, output_stride);
}

PackedConvolution::PackedConvolution(std::int64_t in_channels, std::int64_t out_channels, std::span<const float> weight)
    : in_channels_(in_channels),
      blocks_(padded_channels(out_channels) / channel_block),
      weight_(static_cast<std::size_t>(blocks_ * channel_block * 9 * in_channels)) {
  for (std::int64_t out = 0; out < out_channels; ++out) {
    for (std::int64_t in = 0; in < in_channels; ++in) {
      for (std::int64_t tap = 0; tap < 9; ++tap) {
        const std::int64_t from = (out * in_channels + in) * 9 + tap;
        const std::int64_t block = out / channel_block;
        const std::int64_t to = ((block * 9 + tap) * in_channels + in) * channel_block + out % channel_block;
        weight_[static_cast<std::size_t>(to)] = weight[static_cast<std::size_t>(from)];
      }
    }
  }
}

}  // namespace mriembed::kernels
#endif  // HWY_ONCE
