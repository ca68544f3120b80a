#include "kernels/winograd.hpp"

#include <algorithm>
#include <array>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/winograd.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

#include "kernels/winograd_gemm-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace mriembed::kernels::HWY_NAMESPACE {
namespace {

constexpr std::int64_t window = WinogradConvolution::window;
constexpr std::int64_t tile_size = WinogradConvolution::tile;

// One axis of the input transform, B^T d.
HWY_INLINE void transform_input(const Vector (&d)[window], Vector (&v)[window]) {
  const Lanes f;
  const Vector three = hn::Set(f, 3.0F);
  const Vector two = hn::Set(f, 2.0F);
  const Vector a = hn::Sub(d[1], d[3]);
  const Vector b = hn::Sub(d[2], d[4]);
  const Vector a2 = hn::Add(a, a);
  const Vector b2 = hn::Add(b, b);
  const Vector even = hn::MulSub(three, d[2], a2);
  const Vector odd = hn::MulSub(three, d[3], b2);
  v[0] = hn::MulAdd(two, hn::Sub(d[0], d[2]), hn::NegMulAdd(three, a, hn::Neg(b2)));
  v[1] = hn::Add(even, odd);
  v[2] = hn::Sub(even, odd);
  v[3] = hn::Add(a2, b);
  v[4] = hn::Sub(a, b2);
  v[5] = hn::MulAdd(two, hn::Sub(d[5], d[3]), hn::NegMulAdd(three, b, a2));
}

// One axis of the output transform, A^T m.
HWY_INLINE void transform_output(const Vector (&m)[window], Vector (&y)[tile_size]) {
  const Lanes f;
  const Vector sum = hn::Add(m[1], m[2]);
  const Vector difference = hn::Sub(m[1], m[2]);
  y[0] = hn::Add(hn::Add(m[0], sum), hn::Add(m[3], m[4]));
  y[1] = hn::MulAdd(hn::Set(f, -2.0F), m[4], hn::MulAdd(hn::Set(f, 0.5F), m[3], difference));
  y[2] = hn::MulAdd(hn::Set(f, 4.0F), m[4], hn::MulAdd(hn::Set(f, 0.25F), m[3], sum));
  y[3] = hn::MulAdd(hn::Set(f, -8.0F), m[4], hn::MulAdd(hn::Set(f, 0.125F), m[3], hn::Add(difference, m[5])));
}

// Transforms `tiles` tiles, whose first column of inputs is `column`, to (point, tile, channel).
void transform_inputs(const float* const* rows, std::int64_t column, std::int64_t tiles, std::int64_t channels,
                      float* HWY_RESTRICT to, std::int64_t point_floats) {
  const Lanes f;
  for (std::int64_t tile = 0; tile < tiles; ++tile) {
    for (std::int64_t channel = 0; channel < channels; channel += lanes) {
      const std::int64_t offset = (column + tile * tile_size) * channels + channel;
      Vector half[window][window];
#pragma GCC unroll 6
      for (std::int64_t x = 0; x < window; ++x) {
        Vector d[window];
        Vector v[window];
#pragma GCC unroll 6
        for (std::int64_t y = 0; y < window; ++y) {
          d[y] = hn::LoadU(f, rows[y] + offset + x * channels);
        }
        transform_input(d, v);
#pragma GCC unroll 6
        for (std::int64_t y = 0; y < window; ++y) {
          half[y][x] = v[y];
        }
      }
      float* HWY_RESTRICT point = to + tile * channels + channel;
#pragma GCC unroll 6
      for (const auto& row : half) {
        Vector v[window];
        transform_input(row, v);
#pragma GCC unroll 6
        for (const Vector& product_input : v) {
          hn::StoreU(product_input, f, point);
          point += point_floats;
        }
      }
    }
  }
}

// Where the outputs of a run of tiles go, and how many of them lie inside the image.
struct Outputs {
  float* first;  // of the first tile
  std::int64_t row_floats;
  std::int64_t height;
  std::int64_t width;
};

// Transforms products (point, tile, channel) back to outputs and gathers sums about `shift`.
void transform_outputs(const float* HWY_RESTRICT products, std::int64_t point_floats, std::int64_t channels,
                       const Outputs& outputs, ShiftedSums& sums) {
  const Lanes f;
  for (std::int64_t channel = 0; channel < channels; channel += lanes) {
    const Vector shift = hn::LoadU(f, sums.shift.data() + channel);
    Vector total = hn::LoadU(f, sums.sum.data() + channel);
    Vector squares = hn::LoadU(f, sums.squares.data() + channel);
    for (std::int64_t column = 0; column < outputs.width; column += tile_size) {
      const float* HWY_RESTRICT point = products + column / tile_size * channels + channel;
      Vector half[tile_size][window];
#pragma GCC unroll 6
      for (std::int64_t x = 0; x < window; ++x) {
        Vector m[window];
        Vector y[tile_size];
#pragma GCC unroll 6
        for (std::int64_t row = 0; row < window; ++row) {
          m[row] = hn::LoadU(f, point + (row * window + x) * point_floats);
        }
        transform_output(m, y);
#pragma GCC unroll 4
        for (std::int64_t row = 0; row < tile_size; ++row) {
          half[row][x] = y[row];
        }
      }
      const std::int64_t height = std::min<std::int64_t>(tile_size, outputs.height);
      const std::int64_t width = std::min<std::int64_t>(tile_size, outputs.width - column);
      float* HWY_RESTRICT to = outputs.first + column * channels + channel;
      const auto store = [&](Vector y, std::int64_t x) HWY_ATTR {
        hn::StoreU(y, f, to + x * channels);
        const Vector distance = hn::Sub(y, shift);
        total = hn::Add(total, distance);
        squares = hn::MulAdd(distance, distance, squares);
      };
      if (height == tile_size && width == tile_size) {
#pragma GCC unroll 4
        for (const auto& row : half) {
          Vector y[tile_size];
          transform_output(row, y);
#pragma GCC unroll 4
          for (std::int64_t x = 0; x < tile_size; ++x) {
            store(y[x], x);
          }
          to += outputs.row_floats;
        }
      } else {
        for (std::int64_t row = 0; row < height; ++row) {
          Vector y[tile_size];
          transform_output(half[row], y);
          for (std::int64_t x = 0; x < width; ++x) {
            store(y[x], x);
          }
          to += outputs.row_floats;
        }
      }
    }
    hn::StoreU(total, f, sums.sum.data() + channel);
    hn::StoreU(squares, f, sums.squares.data() + channel);
  }
}

void convolve_strip_in_lanes(const WinogradConvolution& convolution, const float* const* rows, std::int64_t height,
                             std::int64_t width, float* output, std::int64_t row_floats, float* scratch,
                             ShiftedSums& sums) {
  const std::int64_t in_padded = padded_channels(convolution.in_channels());
  const std::int64_t out_padded = convolution.blocks() * channel_block;
  const std::int64_t tiles = (width + tile_size - 1) / tile_size;
  const std::int64_t at_once = convolution.tiles_at_once(tiles);
  const std::int64_t input_point_floats = at_once * in_padded + point_gap;
  const std::int64_t output_point_floats = at_once * out_padded + point_gap;
  float* inputs = scratch;
  float* products = inputs + WinogradConvolution::points * input_point_floats;
  for (std::int64_t first = 0; first < tiles; first += at_once) {
    const std::int64_t count = std::min(at_once, tiles - first);
    transform_inputs(rows, first * tile_size, count, in_padded, inputs, input_point_floats);
    for (std::int64_t point = 0; point < WinogradConvolution::points; ++point) {
      multiply_at_point(inputs + point * input_point_floats, count, in_padded, convolution.in_channels(),
                        convolution.weight(point), convolution.blocks(), products + point * output_point_floats);
    }
    transform_outputs(products, output_point_floats, out_padded,
                      {output + first * tile_size * out_padded, row_floats, height,
                       std::min(width - first * tile_size, count * tile_size)},
                      sums);
  }
}

}  // namespace
}  // namespace mriembed::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mriembed::kernels {

HWY_EXPORT(convolve_strip_in_lanes);

namespace {

// Floats of transformed inputs and products together: 384 KiB, which leave room for the transformed weights in an L2
// cache of 1 MiB.
constexpr std::int64_t scratch_limit = std::int64_t{96} * 1024;

constexpr std::int64_t widest_gap = 2 * channel_block * WinogradConvolution::points;

// G of the algorithm: one row for each point.
constexpr std::array<std::array<double, 3>, WinogradConvolution::window> kernel_transform{{
    {1. / 2, 0, 0},
    {1. / 6, 1. / 6, 1. / 6},
    {1. / 6, -1. / 6, 1. / 6},
    {16. / 15, 8. / 15, 4. / 15},
    {1. / 30, -1. / 15, 2. / 15},
    {0, 0, 1. / 2},
}};

}  // namespace

WinogradConvolution::WinogradConvolution(std::int64_t in_channels, std::int64_t out_channels,
                                         std::span<const float> weight)
    : in_channels_(in_channels),
      blocks_(padded_channels(out_channels) / channel_block),
      weight_(static_cast<std::size_t>(points * blocks_ * in_channels * channel_block)) {
  for (std::int64_t out = 0; out < out_channels; ++out) {
    for (std::int64_t in = 0; in < in_channels; ++in) {
      const std::span<const float> kernel = weight.subspan(static_cast<std::size_t>((out * in_channels + in) * 9), 9);
      for (std::int64_t point = 0; point < points; ++point) {
        const auto& vertical = kernel_transform[static_cast<std::size_t>(point / window)];
        const auto& horizontal = kernel_transform[static_cast<std::size_t>(point % window)];
        double sum = 0;
        for (std::size_t y = 0; y < 3; ++y) {
          for (std::size_t x = 0; x < 3; ++x) {
            sum += vertical[y] * horizontal[x] * static_cast<double>(kernel[3 * y + x]);
          }
        }
        const std::int64_t block = out / channel_block;
        const std::int64_t to = ((point * blocks_ + block) * in_channels + in) * channel_block + out % channel_block;
        weight_[static_cast<std::size_t>(to)] = static_cast<float>(sum);
      }
    }
  }
}

std::int64_t WinogradConvolution::tiles_at_once(std::int64_t tiles) const noexcept {
  const std::int64_t tile_floats = points * (padded_channels(in_channels_) + blocks_ * channel_block);
  const std::int64_t most = std::max<std::int64_t>(12, scratch_limit / tile_floats / 12 * 12);
  const std::int64_t parts = (tiles + most - 1) / most;
  return (tiles + parts - 1) / parts;
}

std::int64_t WinogradConvolution::scratch_floats(std::int64_t tiles) const noexcept {
  return points * tiles_at_once(tiles) * (padded_channels(in_channels_) + blocks_ * channel_block) + widest_gap;
}

void convolve_strip(const WinogradConvolution& convolution, const float* const* rows, std::int64_t height,
                    std::int64_t width, float* output, std::int64_t row_floats, float* scratch, ShiftedSums& sums) {
  HWY_DYNAMIC_DISPATCH(convolve_strip_in_lanes)
  (convolution, rows, height, width, output, row_floats, scratch, sums);
}

}  // namespace mriembed::kernels
#endif  // HWY_ONCE
