#include "kernels/float32_stage.hpp"

#include <algorithm>

namespace mriembed::kernels {

namespace {

// Input rows that a strip of the direct convolution keeps at once: they, and the weights of two blocks, fit a core's
// L2 cache.
constexpr std::int64_t strip_floats = 65536;

// Outputs across from which minimal filtering is used. In narrower images most of a tile would lie outside, and a
// GroupNorm over few pixels bears its larger rounding errors less well.
constexpr std::int64_t narrowest = 16;

using Winograd = std::variant<std::monostate, WinogradConvolution, StridedWinogradConvolution>;

Winograd winograd_of(const StageWeights& weights) {
  if (weights.stride == 1) {
    return WinogradConvolution(weights.in_channels, weights.out_channels, weights.weight);
  }
  if (StridedWinogradConvolution::is_worth_it(weights.in_channels, weights.out_channels)) {
    return StridedWinogradConvolution(weights.in_channels, weights.out_channels, weights.weight);
  }
  return {};
}

std::int64_t rounded_up(std::int64_t number, std::int64_t unit) { return (number + unit - 1) / unit * unit; }

}  // namespace

Float32Stage::Float32Stage(const StageWeights& weights)
    : direct_(weights.in_channels, weights.out_channels, weights.weight),
      winograd_(winograd_of(weights)),
      in_channels_(weights.in_channels),
      pools_(weights.pools),
      stride_(weights.stride),
      norm_(weights) {}

const WinogradConvolution* Float32Stage::winograd(std::int64_t width) const noexcept {
  return width >= narrowest ? std::get_if<WinogradConvolution>(&winograd_) : nullptr;
}

const StridedWinogradConvolution* Float32Stage::strided_winograd(std::int64_t width) const noexcept {
  return width >= narrowest ? std::get_if<StridedWinogradConvolution>(&winograd_) : nullptr;
}

std::int64_t Float32Stage::input_row(std::int64_t width) const noexcept {
  if (winograd(width) != nullptr) {
    return (rounded_up(width, WinogradConvolution::tile) + 2) * input_pixel();
  }
  if (strided_winograd(width) != nullptr) {
    return (2 * rounded_up(width, StridedWinogradConvolution::tile) + 1) * input_pixel();
  }
  return (stride_ * (width - 1) + 3) * input_pixel();
}

std::int64_t Float32Stage::strip_rows(std::int64_t width, std::int64_t rows) const noexcept {
  if (winograd(width) != nullptr) {
    return WinogradConvolution::tile;
  }
  if (const auto* strided = strided_winograd(width)) {
    return strided->strip_rows(width, rows);
  }
  return std::clamp<std::int64_t>((strip_floats / input_row(width) - 3) / stride_ + 1, 1, rows);
}

std::int64_t Float32Stage::scratch_floats(std::int64_t strip, std::int64_t width) const noexcept {
  if (const auto* square = winograd(width)) {
    return square->scratch_floats(rounded_up(width, WinogradConvolution::tile) / WinogradConvolution::tile);
  }
  if (const auto* strided = strided_winograd(width)) {
    return strided->scratch_floats(strip, width);
  }
  return 0;
}

void Float32Stage::convolve(const float* const* rows, std::int64_t height, std::int64_t width, float* output,
                            float* scratch, Moments& moments) const {
  const std::int64_t row_floats = width * output_pixel();
  ShiftedSums sums(moments);
  bool summed = true;
  if (const auto* square = winograd(width)) {
    convolve_strip(*square, rows, height, width, output, row_floats, scratch, sums);
  } else if (const auto* strided = strided_winograd(width)) {
    convolve_strip(*strided, rows, height, width, output, scratch, sums);
  } else {
    for (std::int64_t block = 0; block < direct_.blocks(); block += 2) {
      for (std::int64_t row = 0; row < height; ++row) {
        const float* const* from = rows + row * stride_;
        convolve_row(direct_, block, {{from[0], from[1], from[2]}, input_pixel()}, stride_, width,
                     output + row * row_floats, output_pixel());
      }
    }
    summed = false;
  }
  if (summed && moments.pixels > 0) {
    add_sums(sums, height * width, moments);
    return;
  }
  for (std::int64_t row = 0; row < height; ++row) {  // sums about a mean of which nothing is known lose digits
    add_row(output + row * row_floats, width, moments);
  }
}

Normalization Float32Stage::normalization(const Moments& moments) const { return norm_(moments); }

std::uint32_t Float32Stage::read_planes(const float* planes, std::int64_t plane, std::int64_t width, float* to,
                                        float* /*scratch*/) const {
  return interleave_row(planes, plane, in_channels_, width, to, input_pixel());
}

void Float32Stage::normalize_row(const float* row, std::int64_t pixels, const Normalization& normalization, float* to,
                                 std::int64_t /*output_pixel*/) {
  kernels::normalize_row(row, pixels, normalization, to);
}

void Float32Stage::pool_rows(const float* first, std::int64_t rows, std::int64_t pixels,
                             const Normalization& normalization, float* to, std::int64_t /*output_pixel*/) {
  kernels::pool_rows(first, rows, pixels, normalization, to);
}

void Float32Stage::sum_normalized_row(const float* row, std::int64_t width, const Normalization& normalization,
                                      std::span<double> sums) {
  kernels::sum_normalized_row(row, width, normalization, sums);
}

}  // namespace mriembed::kernels
