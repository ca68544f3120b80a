// 3 x 3 convolution with stride 2 by minimal filtering, channels last, float32.
//
// Along one axis two outputs of five inputs x and a kernel g are
//     y0 = m0 + m1    m0 = (x0 - x2) g0 + x1 g1    m1 = x2 (g0 + g2)
//     y1 = m1 + m2    m2 = (x4 - x2) g2 + x3 g1
// the even inputs by Winograd's F(2, 2) with the points 0, -1 and infinity, the odd ones, which meet one tap only, as
// they are: 5 products instead of 6. In two dimensions 25 products instead of 36 make a tile of 2 x 2 outputs, and all
// sums stay as exact as the direct ones.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "kernels/aligned_vector.hpp"
#include "kernels/channels_last.hpp"
#include "kernels/normalization.hpp"

namespace mriembed::kernels {

class StridedWinogradConvolution {
 public:
  static constexpr std::int64_t tile = 2;    // outputs along each axis
  static constexpr std::int64_t window = 5;  // inputs along each axis
  static constexpr std::int64_t points = 9;

  // Inputs that meet at a point, of the window's 25: 2 or 1 along each axis.
  static constexpr std::int64_t inputs_of(std::int64_t point) noexcept {
    return std::int64_t{point / 3 == 1 ? 1 : 2} * (point % 3 == 1 ? 1 : 2);
  }
  // The inputs of all points before this one.
  static constexpr std::int64_t inputs_before(std::int64_t point) noexcept {
    std::int64_t sum = 0;
    for (std::int64_t before = 0; before < point; ++before) {
      sum += inputs_of(before);
    }
    return sum;
  }

  // `weight` is (out, in, 3, 3), row-major.
  StridedWinogradConvolution(std::int64_t in_channels, std::int64_t out_channels, std::span<const float> weight);

  // Whether the transformed weights, 25 / 9 of the others, would still fit a core's L2 cache beside the tiles. Where
  // they do not, reading them costs more than the products that they save.
  static bool is_worth_it(std::int64_t in_channels, std::int64_t out_channels) noexcept;

  // Floats of an input pixel.
  [[nodiscard]] std::int64_t input_pixel() const noexcept { return input_pixel_; }
  [[nodiscard]] std::int64_t blocks() const noexcept { return blocks_; }
  // Transformed weights at a point: (block of output channels, input of the point, input channel, output channel).
  [[nodiscard]] const float* weight(std::int64_t point) const noexcept {
    return weight_.data() + inputs_before(point) * blocks_ * input_pixel_ * channel_block;
  }

  // Output rows of a strip, an even number: as many tiles as share one reading of the weights without leaving the
  // cache. A thread has `rows` rows of `width` outputs.
  [[nodiscard]] std::int64_t strip_rows(std::int64_t width, std::int64_t rows) const noexcept;
  // Floats of scratch memory for a strip.
  [[nodiscard]] std::int64_t scratch_floats(std::int64_t strip, std::int64_t width) const noexcept;

 private:
  std::int64_t input_pixel_;
  std::int64_t blocks_;
  AlignedVector<float> weight_;
};

// Where the inputs of a strip's tiles and their products lie in the scratch memory.
struct StridedWinogradLayout {
  StridedWinogradLayout(const StridedWinogradConvolution& convolution, std::int64_t height, std::int64_t width)
      : tile_rows((height + StridedWinogradConvolution::tile - 1) / StridedWinogradConvolution::tile),
        tiles_across((width + StridedWinogradConvolution::tile - 1) / StridedWinogradConvolution::tile),
        tiles(tile_rows * tiles_across),
        input_pixel(convolution.input_pixel()),
        output_pixel(convolution.blocks() * channel_block),
        products_point(tiles * output_pixel + point_gap) {}

  // Inputs at a point: (tile, input, channel).
  [[nodiscard]] std::int64_t inputs(std::int64_t point) const {
    return StridedWinogradConvolution::inputs_before(point) * tiles * input_pixel + point * point_gap;
  }
  [[nodiscard]] std::int64_t products(std::int64_t point) const {
    return inputs(StridedWinogradConvolution::points) + point * products_point;
  }

  std::int64_t tile_rows;
  std::int64_t tiles_across;
  std::int64_t tiles;
  std::int64_t input_pixel;
  std::int64_t output_pixel;
  std::int64_t products_point;
};

// Computes `height` rows of `width` outputs and adds them to `sums`.
//
// `rows` are 4 ceil(height / 2) + 1 input rows, each from one pixel left of the image to at least 4 ceil(width / 2)
// pixels right of that, finite throughout. `output` points at the first pixel; its rows follow each other without a
// gap. `scratch` has scratch_floats(height, width).
void convolve_strip(const StridedWinogradConvolution& convolution, const float* const* rows, std::int64_t height,
                    std::int64_t width, float* output, float* scratch, ShiftedSums& sums);

}  // namespace mriembed::kernels
