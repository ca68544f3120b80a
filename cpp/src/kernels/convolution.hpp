// 3 x 3 convolutions of one image row, channels last, with the instructions that the processor has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/aligned_vector.hpp"
#include "kernels/channels_last.hpp"

namespace mriembed::kernels {

// The weights of a 3 x 3 convolution in the order in which the kernel reads them:
// (block of output channels, kernel row, kernel column, input channel, output channel of the block).
class PackedConvolution {
 public:
  // `weight` is (out, in, 3, 3), row-major.
  PackedConvolution(std::int64_t in_channels, std::int64_t out_channels, std::span<const float> weight);

  [[nodiscard]] std::int64_t in_channels() const noexcept { return in_channels_; }
  [[nodiscard]] std::int64_t blocks() const noexcept { return blocks_; }
  [[nodiscard]] const float* weight(std::int64_t block) const noexcept {
    return weight_.data() + static_cast<std::size_t>(block * channel_block * 9 * in_channels_);
  }

 private:
  std::int64_t in_channels_;
  std::int64_t blocks_;
  AlignedVector<float> weight_;
};

// Three input rows, each `pixel_stride` floats a pixel, from one pixel left of the image to one right of it.
struct InputRows {
  const float* row[3];
  std::int64_t pixel_stride;
};

// Computes the output channels of `block` and `block + 1` (where there is one) for `pixels` pixels of a row.
// `output` points at the row's first pixel, first channel; its pixels are `output_stride` floats apart.
void convolve_row(const PackedConvolution& convolution, std::int64_t block, const InputRows& input, std::int64_t stride,
                  std::int64_t pixels, float* output, std::int64_t output_stride);

}  // namespace mriembed::kernels
