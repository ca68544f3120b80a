// GroupNorm followed by GELU, channels last: moments of rows, their merge, and one pass that applies both.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace mriembed::kernels {

// Mean and sum of squared deviations of each channel over some pixels.
struct Moments {
  explicit Moments(std::int64_t channels = 0) { reset(channels); }

  // Starts again from no pixels. Keeps its memory.
  void reset(std::int64_t channels) {
    pixels = 0;
    mean.assign(static_cast<std::size_t>(channels), 0.0);
    squares.assign(static_cast<std::size_t>(channels), 0.0);
  }

  double pixels = 0;
  std::vector<double> mean;
  std::vector<double> squares;
};

// Adds one row, channels.size() = moments' channels (a multiple of channel_block), to the moments.
//
// A row's sums are taken about its first pixel, in float32, and merged in float64 (Chan, Golub and LeVeque 1979):
// a mean that is large against the standard deviation costs no digits.
void add_row(const float* row, std::int64_t pixels, Moments& moments);

// Sums over some pixels of each channel's distance from `shift`, and of its square, in float32. They lose no digits
// while `shift` is about as near to the mean as the standard deviation.
struct ShiftedSums {
  // Starts from nothing, about the mean so far.
  explicit ShiftedSums(const Moments& moments)
      : shift(moments.mean.begin(), moments.mean.end()), sum(shift.size()), squares(shift.size()) {}

  std::vector<float> shift;
  std::vector<float> sum;
  std::vector<float> squares;
};

// Adds the pixels that `sums` were taken over.
void add_sums(const ShiftedSums& sums, std::int64_t pixels, Moments& moments);

// Adds the pixels of `other`.
void merge(const Moments& other, Moments& moments);

// y = gelu((x - mean) * scale + offset) for each channel.
struct Normalization {
  std::vector<float> mean;
  std::vector<float> scale;
  std::vector<float> offset;
};

// The GroupNorm of x + `shift`, where x has these moments: `shift` is the bias of a convolution that adds none itself.
// `shift`, `weight` and `bias` have the true number of channels. The channels that fill up a block get scale and
// offset 0 and stay 0.
Normalization group_normalization(const Moments& moments, std::span<const float> shift, std::int64_t groups,
                                  double epsilon, std::span<const float> weight, std::span<const float> bias);

// Writes the normalized, activated row to `output`; in place is allowed.
void normalize_row(const float* row, std::int64_t pixels, const Normalization& normalization, float* output);

// Writes the means of 2 x 2 pixels of two normalized, activated rows, which follow each other, to `output`: half as
// many pixels, rounded up. Where their number is odd, the last mean is that of one column. With one row, of 2 x 1
// pixels.
void pool_rows(const float* first, std::int64_t rows, std::int64_t pixels, const Normalization& normalization,
               float* output);

// Adds each channel's sum over the normalized, activated row to `sums`.
void sum_normalized_row(const float* row, std::int64_t pixels, const Normalization& normalization,
                        std::span<double> sums);

}  // namespace mriembed::kernels
