// A stage of the network in bfloat16: its convolution, and how its rows are read. See Float32Stage.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/bfloat16_convolution.hpp"
#include "kernels/network_weights.hpp"
#include "kernels/stage_norm.hpp"

namespace mriembed::kernels {

// Demands bfloat16_unit() != none.
class Bfloat16Stage {
 public:
  using Sample = Bfloat16;

  explicit Bfloat16Stage(const StageWeights& weights);

  [[nodiscard]] std::int64_t in_channels() const noexcept { return in_channels_; }
  [[nodiscard]] bool pools() const noexcept { return pools_; }
  [[nodiscard]] std::int64_t stride() const noexcept { return convolution_.stride(); }
  [[nodiscard]] std::int64_t input_pixel() const noexcept { return convolution_.input_pixel(); }
  [[nodiscard]] std::int64_t output_pixel() const noexcept { return convolution_.output_pixel(); }
  [[nodiscard]] std::int64_t input_row(std::int64_t width) const noexcept { return convolution_.input_row(width); }
  [[nodiscard]] static std::int64_t strip_rows(std::int64_t /*width*/, std::int64_t /*rows*/) noexcept {
    return Bfloat16Convolution::strip_rows;
  }
  [[nodiscard]] std::int64_t scratch_floats(std::int64_t /*strip*/, std::int64_t width) const noexcept {
    return stride() * width * input_pixel();
  }

  void convolve(const Bfloat16* const* rows, std::int64_t height, std::int64_t width, Bfloat16* output, float* scratch,
                Moments& moments) const;

  [[nodiscard]] Normalization normalization(const Moments& moments) const;

  std::uint32_t read_planes(const float* planes, std::int64_t plane, std::int64_t width, Bfloat16* to,
                            float* scratch) const;
  static void normalize_row(const Bfloat16* row, std::int64_t pixels, const Normalization& normalization, Bfloat16* to,
                            std::int64_t output_pixel);
  static void pool_rows(const Bfloat16* first, std::int64_t rows, std::int64_t pixels,
                        const Normalization& normalization, Bfloat16* to, std::int64_t output_pixel);
  static void sum_normalized_row(const Bfloat16* row, std::int64_t width, const Normalization& normalization,
                                 std::span<double> sums);

 private:
  Bfloat16Unit unit_;
  Bfloat16Convolution convolution_;
  std::int64_t in_channels_;
  bool pools_;
  StageNorm norm_;
};

}  // namespace mriembed::kernels
