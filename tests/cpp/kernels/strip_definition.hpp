// What a strip of a 3 x 3 convolution is by definition, in float64, for the kernels that compute strips in float32.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "kernels/channels_last.hpp"
#include "kernels/normalization.hpp"

namespace mriembed::kernels {

// Normally distributed floats about 0.
inline std::vector<float> random_floats(std::int64_t count, float deviation) {
  std::mt19937 generator(7);
  std::normal_distribution<float> normal(0, deviation);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) {
    value = normal(generator);
  }
  return values;
}

struct StripShape {
  std::int64_t in_channels;
  std::int64_t out_channels;
  std::int64_t height;
  std::int64_t width;
};

// A strip's input and what a kernel is to make of it.
class StripDefinition {
 public:
  // `input_rows` rows of `row_pixels` pixels. Samples and weights have about this `size`.
  StripDefinition(const StripShape& shape, std::int64_t stride, std::int64_t input_rows, std::int64_t row_pixels,
                  float size)
      : shape_(shape),
        stride_(stride),
        in_padded_(padded_channels(shape.in_channels)),
        out_padded_(padded_channels(shape.out_channels)),
        row_floats_(row_pixels * in_padded_),
        product_(static_cast<double>(size) * static_cast<double>(size)),
        weight_(random_floats(shape.out_channels * shape.in_channels * 9, size)),
        input_(random_floats(input_rows * row_floats_, size)),
        output_(static_cast<std::size_t>((shape.height + 1) * output_row()), -1.0F),
        sums_(Moments(out_padded_)) {
    sums_.shift.assign(sums_.shift.size(), static_cast<float>(shift()));
    for (std::int64_t row = 0; row < input_rows; ++row) {
      rows_.push_back(input_.data() + row * row_floats_);
    }
  }

  [[nodiscard]] const std::vector<float>& weight() const { return weight_; }
  [[nodiscard]] const float* const* rows() const { return rows_.data(); }
  [[nodiscard]] std::int64_t output_row() const { return shape_.width * out_padded_; }
  float* output() { return output_.data(); }
  ShiftedSums& sums() { return sums_; }

  // Compares outputs and sums; `precision` is the largest error relative to the sum of the products' magnitudes.
  void expect(double precision) const {
    for (std::int64_t out = 0; out < out_padded_; ++out) {
      expect_channel(out, precision);
    }
    for (std::int64_t behind = shape_.height * output_row(); behind < (shape_.height + 1) * output_row(); ++behind) {
      ASSERT_EQ(output_[static_cast<std::size_t>(behind)], -1.0F) << "written behind the strip";
    }
  }

 private:
  [[nodiscard]] double shift() const { return 0.25 * product_; }

  void expect_channel(std::int64_t out, double precision) const {
    double total = 0;
    double squares = 0;
    double largest = 0;
    for (std::int64_t y = 0; y < shape_.height; ++y) {
      for (std::int64_t x = 0; x < shape_.width; ++x) {
        double sum = 0;
        double absolute = 0;
        for (std::int64_t tap = 0; tap < 9 && out < shape_.out_channels; ++tap) {
          for (std::int64_t in = 0; in < shape_.in_channels; ++in) {
            const std::int64_t from = (y * stride_ + tap / 3) * row_floats_ + (x * stride_ + tap % 3) * in_padded_ + in;
            const std::int64_t w = (out * shape_.in_channels + in) * 9 + tap;
            const double term = static_cast<double>(input_[static_cast<std::size_t>(from)]) *
                                static_cast<double>(weight_[static_cast<std::size_t>(w)]);
            sum += term;
            absolute += std::abs(term);
          }
        }
        // Rounding errors of all of a tile's inputs reach each of its outputs, also a small one.
        const double scale = std::max(absolute, 9 * static_cast<double>(shape_.in_channels) * product_);
        ASSERT_NEAR(output_[static_cast<std::size_t>(y * output_row() + x * out_padded_ + out)], sum, precision * scale)
            << "row " << y << ", pixel " << x << ", channel " << out;
        total += sum - shift();
        squares += (sum - shift()) * (sum - shift());
        largest = std::max(largest, scale);
      }
    }
    const auto pixels = static_cast<double>(shape_.height * shape_.width);
    const auto channel = static_cast<std::size_t>(out);
    EXPECT_NEAR(sums_.sum[channel], total, 2 * precision * largest * pixels);
    EXPECT_NEAR(sums_.squares[channel], squares, 4 * precision * largest * largest * pixels);
  }

  StripShape shape_;
  std::int64_t stride_;
  std::int64_t in_padded_;
  std::int64_t out_padded_;
  std::int64_t row_floats_;
  double product_;
  std::vector<float> weight_;
  std::vector<float> input_;
  std::vector<const float*> rows_;
  std::vector<float> output_;
  ShiftedSums sums_;
};

}  // namespace mriembed::kernels
