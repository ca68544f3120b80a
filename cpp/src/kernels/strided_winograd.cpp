#include "kernels/strided_winograd.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/strided_winograd.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

#include "kernels/winograd_gemm-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace mriembed::kernels::HWY_NAMESPACE {
namespace {

using Convolution = StridedWinogradConvolution;

constexpr std::int64_t window = Convolution::window;
constexpr std::int64_t tile_size = Convolution::tile;
constexpr std::int64_t tile_step = 2 * tile_size;  // inputs from one tile to the next

// One axis of the input transform: the inputs of the three points, two, one and two.
HWY_INLINE void transform_input(const Vector (&x)[window], Vector (&v)[window]) {
  v[0] = hn::Sub(x[0], x[2]);
  v[1] = x[1];
  v[2] = x[2];
  v[3] = hn::Sub(x[4], x[2]);
  v[4] = x[3];
}

// Transforms the inputs of one row of tiles, of which `first_tile` is the first.
void transform_inputs(const float* const* rows, const StridedWinogradLayout& layout, std::int64_t first_tile,
                      float* scratch) {
  const Lanes f;
  constexpr std::int64_t point_axis[window] = {0, 0, 1, 2, 2};  // which point along an axis, and which of its inputs
  constexpr std::int64_t input_axis[window] = {0, 1, 0, 0, 1};
  float* to[Convolution::points];
  for (std::int64_t point = 0; point < Convolution::points; ++point) {
    to[point] = scratch + layout.inputs(point) + first_tile * Convolution::inputs_of(point) * layout.input_pixel;
  }
  for (std::int64_t tile = 0; tile < layout.tiles_across; ++tile) {
    for (std::int64_t channel = 0; channel < layout.input_pixel; channel += lanes) {
      const std::int64_t offset = tile * tile_step * layout.input_pixel + channel;
      Vector half[window][window];
#pragma GCC unroll 5
      for (std::int64_t x = 0; x < window; ++x) {
        Vector d[window];
        Vector v[window];
#pragma GCC unroll 5
        for (std::int64_t y = 0; y < window; ++y) {
          d[y] = hn::LoadU(f, rows[y] + offset + x * layout.input_pixel);
        }
        transform_input(d, v);
#pragma GCC unroll 5
        for (std::int64_t y = 0; y < window; ++y) {
          half[y][x] = v[y];
        }
      }
#pragma GCC unroll 5
      for (std::int64_t y = 0; y < window; ++y) {
        Vector v[window];
        transform_input(half[y], v);
#pragma GCC unroll 5
        for (std::int64_t x = 0; x < window; ++x) {
          const std::int64_t across = point_axis[x] == 1 ? 1 : 2;
          const std::int64_t input = input_axis[y] * across + input_axis[x];
          hn::StoreU(v[x], f, to[3 * point_axis[y] + point_axis[x]] + input * layout.input_pixel + channel);
        }
      }
    }
    for (std::int64_t point = 0; point < Convolution::points; ++point) {
      to[point] += Convolution::inputs_of(point) * layout.input_pixel;
    }
  }
}

// Transforms the products of one row of tiles to up to two rows of outputs.
void transform_outputs(const float* scratch, const StridedWinogradLayout& layout, std::int64_t first_tile,
                       std::int64_t height, std::int64_t width, float* output, ShiftedSums& sums) {
  const Lanes f;
  const std::int64_t row_floats = width * layout.output_pixel;
  for (std::int64_t channel = 0; channel < layout.output_pixel; channel += lanes) {
    const Vector shift = hn::LoadU(f, sums.shift.data() + channel);
    Vector total = hn::LoadU(f, sums.sum.data() + channel);
    Vector squares = hn::LoadU(f, sums.squares.data() + channel);
    const float* HWY_RESTRICT product = scratch + layout.products(0) + first_tile * layout.output_pixel + channel;
    float* HWY_RESTRICT to = output + channel;
    const auto store = [&](Vector y, std::int64_t row, std::int64_t x) HWY_ATTR {
      hn::StoreU(y, f, to + row * row_floats + x * layout.output_pixel);
      const Vector distance = hn::Sub(y, shift);
      total = hn::Add(total, distance);
      squares = hn::MulAdd(distance, distance, squares);
    };
    for (std::int64_t x = 0; x < width; x += tile_size, product += layout.output_pixel) {
      Vector upper[3];
      Vector lower[3];
#pragma GCC unroll 3
      for (std::int64_t column = 0; column < 3; ++column) {
        const Vector m0 = hn::LoadU(f, product + column * layout.products_point);
        const Vector m1 = hn::LoadU(f, product + (3 + column) * layout.products_point);
        const Vector m2 = hn::LoadU(f, product + (6 + column) * layout.products_point);
        upper[column] = hn::Add(m0, m1);
        lower[column] = hn::Add(m1, m2);
      }
      store(hn::Add(upper[0], upper[1]), 0, x);
      if (x + 1 < width) {
        store(hn::Add(upper[1], upper[2]), 0, x + 1);
      }
      if (height > 1) {
        store(hn::Add(lower[0], lower[1]), 1, x);
        if (x + 1 < width) {
          store(hn::Add(lower[1], lower[2]), 1, x + 1);
        }
      }
    }
    hn::StoreU(total, f, sums.sum.data() + channel);
    hn::StoreU(squares, f, sums.squares.data() + channel);
  }
}

void convolve_strip_in_lanes(const Convolution& convolution, const float* const* rows, std::int64_t height,
                             std::int64_t width, float* output, float* scratch, ShiftedSums& sums) {
  const StridedWinogradLayout layout(convolution, height, width);
  for (std::int64_t row = 0; row < layout.tile_rows; ++row) {
    transform_inputs(rows + row * tile_step, layout, row * layout.tiles_across, scratch);
  }
  for (std::int64_t point = 0; point < Convolution::points; ++point) {
    const std::int64_t terms = Convolution::inputs_of(point) * layout.input_pixel;
    multiply_at_point(scratch + layout.inputs(point), layout.tiles, terms, terms, convolution.weight(point),
                      convolution.blocks(), scratch + layout.products(point));
  }
  for (std::int64_t row = 0; row < layout.tile_rows; ++row) {
    transform_outputs(scratch, layout, row * layout.tiles_across, height - row * tile_size, width,
                      output + row * tile_size * width * layout.output_pixel, sums);
  }
}

}  // namespace
}  // namespace mriembed::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mriembed::kernels {

HWY_EXPORT(convolve_strip_in_lanes);

namespace {

// Floats of transformed weights, 1 MiB, and of tiles with their products, 512 KiB: measured on a core with 2 MiB of L2
// cache, where twice or half as much of the latter was slower.
constexpr std::int64_t weight_limit = std::int64_t{256} * 1024;
constexpr std::int64_t scratch_limit = std::int64_t{128} * 1024;

}  // namespace

StridedWinogradConvolution::StridedWinogradConvolution(std::int64_t in_channels, std::int64_t out_channels,
                                                       std::span<const float> weight)
    : input_pixel_(padded_channels(in_channels)),
      blocks_(padded_channels(out_channels) / channel_block),
      weight_(static_cast<std::size_t>(inputs_before(points) * blocks_ * input_pixel_ * channel_block)) {
  // For each input of the window along an axis, in the order of the points: the taps that it meets.
  constexpr std::array<std::array<double, 3>, window> taps{{{1, 0, 0}, {0, 1, 0}, {1, 0, 1}, {0, 0, 1}, {0, 1, 0}}};
  constexpr std::array<std::int64_t, 3> first{0, 2, 3};  // input of a point along an axis
  for (std::int64_t point = 0; point < points; ++point) {
    const std::int64_t across = point % 3 == 1 ? 1 : 2;
    for (std::int64_t input = 0; input < inputs_of(point); ++input) {
      const auto& vertical =
          taps[static_cast<std::size_t>(first[static_cast<std::size_t>(point / 3)] + input / across)];
      const auto& horizontal =
          taps[static_cast<std::size_t>(first[static_cast<std::size_t>(point % 3)] + input % across)];
      for (std::int64_t out = 0; out < out_channels; ++out) {
        for (std::int64_t in = 0; in < in_channels; ++in) {
          double sum = 0;
          for (std::size_t tap = 0; tap < 9; ++tap) {
            sum += vertical[tap / 3] * horizontal[tap % 3] *
                   static_cast<double>(weight[static_cast<std::size_t>((out * in_channels + in) * 9) + tap]);
          }
          const std::int64_t term = input * input_pixel_ + in;
          const std::int64_t to = inputs_before(point) * blocks_ * input_pixel_ * channel_block +
                                  (out / channel_block * inputs_of(point) * input_pixel_ + term) * channel_block +
                                  out % channel_block;
          weight_[static_cast<std::size_t>(to)] = static_cast<float>(sum);
        }
      }
    }
  }
}

bool StridedWinogradConvolution::is_worth_it(std::int64_t in_channels, std::int64_t out_channels) noexcept {
  return inputs_before(points) * padded_channels(in_channels) * padded_channels(out_channels) <= weight_limit;
}

std::int64_t StridedWinogradConvolution::strip_rows(std::int64_t width, std::int64_t rows) const noexcept {
  const std::int64_t tile_floats = inputs_before(points) * input_pixel_ + points * blocks_ * channel_block;
  const std::int64_t row_floats = (width + tile - 1) / tile * tile_floats;
  return tile * std::clamp<std::int64_t>(scratch_limit / row_floats, 1, (rows + tile - 1) / tile);
}

std::int64_t StridedWinogradConvolution::scratch_floats(std::int64_t strip, std::int64_t width) const noexcept {
  return StridedWinogradLayout(*this, strip, width).products(points);
}

void convolve_strip(const StridedWinogradConvolution& convolution, const float* const* rows, std::int64_t height,
                    std::int64_t width, float* output, float* scratch, ShiftedSums& sums) {
  HWY_DYNAMIC_DISPATCH(convolve_strip_in_lanes)(convolution, rows, height, width, output, scratch, sums);
}

}  // namespace mriembed::kernels
#endif  // HWY_ONCE
