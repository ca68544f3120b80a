// 3 x 3 convolution with stride 1 by Winograd's minimal filtering F(4 x 4, 3 x 3), channels last, float32.
//
// A tile of 4 x 4 outputs costs 36 multiplications per pair of channels instead of 144 (Winograd 1980; Lavin and Gray
// 2016, arXiv:1509.09308). The points of interpolation are 0, 1, -1, 1/2, -2 and infinity, whose rounding error is
// the smallest for this size (Barabasz et al. 2020, arXiv:1803.10986): about three times that of the direct sum.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/aligned_vector.hpp"
#include "kernels/channels_last.hpp"
#include "kernels/normalization.hpp"

namespace mriembed::kernels {

class WinogradConvolution {
 public:
  static constexpr std::int64_t tile = 4;     // outputs along each axis
  static constexpr std::int64_t window = 6;   // inputs along each axis
  static constexpr std::int64_t points = 36;  // products of a tile

  // `weight` is (out, in, 3, 3), row-major.
  WinogradConvolution(std::int64_t in_channels, std::int64_t out_channels, std::span<const float> weight);

  [[nodiscard]] std::int64_t in_channels() const noexcept { return in_channels_; }
  [[nodiscard]] std::int64_t blocks() const noexcept { return blocks_; }

  // Transformed weights at a point: (block of output channels, input channel, output channel of the block).
  [[nodiscard]] const float* weight(std::int64_t point) const noexcept {
    return weight_.data() + point * blocks_ * in_channels_ * channel_block;
  }

  // Tiles that are worked on at once, of a row of `tiles`, so that their transforms stay in a core's L2 cache.
  [[nodiscard]] std::int64_t tiles_at_once(std::int64_t tiles) const noexcept;
  // Floats of scratch memory for a row of `tiles`.
  [[nodiscard]] std::int64_t scratch_floats(std::int64_t tiles) const noexcept;

 private:
  std::int64_t in_channels_;
  std::int64_t blocks_;
  AlignedVector<float> weight_;
};

// Computes up to 4 rows of outputs, `height` x `width` pixels, and adds them to `sums`.
//
// `rows` points at the 6 input rows, each from one pixel left of the image to at least 4 ceil(width / 4) + 1 pixels
// right of that, padded_channels(in) floats a pixel, finite throughout. `output` points at the first pixel; its pixels
// are padded_channels(out) floats apart and its rows `row_floats`.
void convolve_strip(const WinogradConvolution& convolution, const float* const* rows, std::int64_t height,
                    std::int64_t width, float* output, std::int64_t row_floats, float* scratch, ShiftedSums& sums);

}  // namespace mriembed::kernels
