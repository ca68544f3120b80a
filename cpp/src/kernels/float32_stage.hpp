// A stage of the network in float32: its convolution, and how its rows are read.
#pragma once

#include <cstdint>
#include <span>
#include <variant>

#include "kernels/convolution.hpp"
#include "kernels/network_weights.hpp"
#include "kernels/normalization.hpp"
#include "kernels/stage_norm.hpp"
#include "kernels/strided_winograd.hpp"
#include "kernels/winograd.hpp"

namespace mriembed::kernels {

// Works on strips of output rows. Images and rows are channels last; const functions may run in many threads at once.
class Float32Stage {
 public:
  using Sample = float;

  explicit Float32Stage(const StageWeights& weights);

  [[nodiscard]] std::int64_t in_channels() const noexcept { return in_channels_; }
  [[nodiscard]] bool pools() const noexcept { return pools_; }
  [[nodiscard]] std::int64_t stride() const noexcept { return stride_; }
  // Floats of a pixel of the input rows, and of the output.
  [[nodiscard]] std::int64_t input_pixel() const noexcept { return padded_channels(in_channels_); }
  [[nodiscard]] std::int64_t output_pixel() const noexcept { return padded_channels(norm_.channels()); }
  // Floats of an input row for `width` outputs: from one pixel left of the image to the last one that is looked at.
  [[nodiscard]] std::int64_t input_row(std::int64_t width) const noexcept;
  // Output rows of a strip, for images of this width of which a thread has `rows`.
  [[nodiscard]] std::int64_t strip_rows(std::int64_t width, std::int64_t rows) const noexcept;
  // Floats of scratch memory that convolve() takes for such a strip.
  [[nodiscard]] std::int64_t scratch_floats(std::int64_t strip, std::int64_t width) const noexcept;

  // Convolves a strip, `height` rows of it, without its bias, and adds it to `moments`. `rows` are
  // stride (strip_rows - 1) + 3 input rows.
  void convolve(const float* const* rows, std::int64_t height, std::int64_t width, float* output, float* scratch,
                Moments& moments) const;

  // The GroupNorm for an image with these moments.
  [[nodiscard]] Normalization normalization(const Moments& moments) const;

  // Reads a row of planes, see interleave_row. Returns its peak.
  std::uint32_t read_planes(const float* planes, std::int64_t plane, std::int64_t width, float* to,
                            float* scratch) const;
  static void normalize_row(const float* row, std::int64_t pixels, const Normalization& normalization, float* to,
                            std::int64_t output_pixel);
  static void pool_rows(const float* first, std::int64_t rows, std::int64_t pixels, const Normalization& normalization,
                        float* to, std::int64_t output_pixel);
  static void sum_normalized_row(const float* row, std::int64_t width, const Normalization& normalization,
                                 std::span<double> sums);

 private:
  // The convolution with fewer products for this width, where there is one.
  [[nodiscard]] const WinogradConvolution* winograd(std::int64_t width) const noexcept;
  [[nodiscard]] const StridedWinogradConvolution* strided_winograd(std::int64_t width) const noexcept;

  PackedConvolution direct_;
  std::variant<std::monostate, WinogradConvolution, StridedWinogradConvolution> winograd_;
  std::int64_t in_channels_;
  bool pools_;
  std::int64_t stride_;
  StageNorm norm_;
};

}  // namespace mriembed::kernels
