#include "kernels/bfloat16_stage.hpp"

#include <algorithm>

#include "kernels/channels_last.hpp"

namespace mriembed::kernels {

Bfloat16Stage::Bfloat16Stage(const StageWeights& weights)
    : unit_(bfloat16_unit()),
      convolution_(weights.in_channels, weights.out_channels, weights.stride, weights.weight),
      in_channels_(weights.in_channels),
      pools_(weights.pools),
      norm_(weights) {}

void Bfloat16Stage::convolve(const Bfloat16* const* rows, std::int64_t height, std::int64_t width, Bfloat16* output,
                             float* /*scratch*/, Moments& moments) const {
  ShiftedSums sums(moments);
  convolve_strip(convolution_, unit_, rows, height, width, output, sums);
  if (moments.pixels > 0) {
    add_sums(sums, height * width, moments);
    return;
  }
  for (std::int64_t row = 0; row < height; ++row) {  // nothing was known of the mean yet
    add_row(output + row * width * output_pixel(), width, moments);
  }
}

Normalization Bfloat16Stage::normalization(const Moments& moments) const { return folded(norm_(moments)); }

std::uint32_t Bfloat16Stage::read_planes(const float* planes, std::int64_t plane, std::int64_t width, Bfloat16* to,
                                         float* scratch) const {
  if (in_channels_ < input_pixel()) {
    std::fill_n(scratch, width * input_pixel(), 0.0F);
  }
  const std::uint32_t peak = interleave_row(planes, plane, in_channels_, width, scratch, input_pixel());
  round_to_bfloat16(scratch, width * input_pixel(), to);
  return peak;
}

void Bfloat16Stage::normalize_row(const Bfloat16* row, std::int64_t pixels, const Normalization& normalization,
                                  Bfloat16* to, std::int64_t output_pixel) {
  kernels::normalize_row(row, pixels, normalization, to, output_pixel);
}

void Bfloat16Stage::pool_rows(const Bfloat16* first, std::int64_t rows, std::int64_t pixels,
                              const Normalization& normalization, Bfloat16* to, std::int64_t output_pixel) {
  kernels::pool_rows(first, rows, pixels, normalization, to, output_pixel);
}

void Bfloat16Stage::sum_normalized_row(const Bfloat16* row, std::int64_t width, const Normalization& normalization,
                                       std::span<double> sums) {
  kernels::sum_normalized_row(row, width, normalization, sums);
}

}  // namespace mriembed::kernels
