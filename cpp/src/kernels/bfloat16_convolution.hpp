// 3 x 3 convolutions in bfloat16, channels last: products are exact, sums float32 in the order of the unit that the
// processor has.
//
// The three pixels under a kernel row are neighbours in memory, so its 3 x in_channels samples are one run: a whole
// kernel row is one inner product of that length, filled up to 32, and few channels leave no part of a tile empty.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/aligned_vector.hpp"
#include "kernels/bfloat16_processor.hpp"
#include "kernels/bfloat16_rows.hpp"
#include "kernels/normalization.hpp"

namespace mriembed::kernels {

class Bfloat16Convolution {
 public:
  static constexpr std::int64_t strip_rows = 2;
  static constexpr std::int64_t step = 32;                 // samples of a kernel row that a tile holds
  static constexpr std::int64_t tile_samples = 16 * step;  // of a tile of weights
  static constexpr std::int64_t most_pixels = 16;          // of a row that are worked on at once

  // `weight` is (out, in, 3, 3), row-major; it is rounded to bfloat16.
  Bfloat16Convolution(std::int64_t in_channels, std::int64_t out_channels, std::int64_t stride,
                      std::span<const float> weight);

  [[nodiscard]] std::int64_t stride() const noexcept { return stride_; }
  // Samples of an input pixel: in_channels, or one more, zero, where that is odd.
  [[nodiscard]] std::int64_t input_pixel() const noexcept { return input_pixel_; }
  [[nodiscard]] std::int64_t output_pixel() const noexcept { return blocks_ * bfloat16_block; }
  // Samples of an input row for `width` outputs, from one pixel left of the image on.
  [[nodiscard]] std::int64_t input_row(std::int64_t width) const noexcept;
  // Tiles that a kernel row takes.
  [[nodiscard]] std::int64_t steps() const noexcept { return steps_; }
  // For a block of 32 output channels: (kernel row, step, half of the block, pair of samples, output channel, sample of
  // the pair).
  [[nodiscard]] const Bfloat16* weight(std::int64_t block) const noexcept {
    return weight_.data() + static_cast<std::size_t>(block * 3 * steps_ * 2 * tile_samples);
  }
  [[nodiscard]] std::int64_t blocks() const noexcept { return blocks_; }

 private:
  std::int64_t stride_;
  std::int64_t input_pixel_;
  std::int64_t steps_;
  std::int64_t blocks_;
  AlignedVector<Bfloat16> weight_;
};

// Computes one or two rows of `width` outputs, rounds them to bfloat16 and adds them, unrounded, to `sums`.
//
// `rows` points at the stride + 3 input rows, input_row(width) samples each; those behind the pixel right of the image
// must be finite. `output` points at the first pixel; rows follow each other without a gap. Demands a unit that the
// processor has. Leaves no tile configuration behind.
void convolve_strip(const Bfloat16Convolution& convolution, Bfloat16Unit unit, const Bfloat16* const* rows,
                    std::int64_t height, std::int64_t width, Bfloat16* output, ShiftedSums& sums);

}  // namespace mriembed::kernels
