#include "kernels/normalization.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/convolution.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/normalization.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mriembed::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Lanes = hn::CappedTag<float, static_cast<std::size_t>(channel_block)>;
using Vector = hn::Vec<Lanes>;

// gelu(x) = x (1 / 2 + erf(x / sqrt 2) / 2). erf(x / sqrt 2) / (2 x) is a polynomial in t = 2 (x / 5.5)^2 - 1, fitted
// at Chebyshev nodes with weight x; the result is within 4e-7 of the exact one, and beyond 5.5, where erf is 1 within
// 4e-8, the argument stays there.
HWY_INLINE Vector gelu(Vector x) {
  constexpr float limit = 5.5F;
  constexpr float coefficients[] = {9.65493600233458e-05F,    -0.0002757126640062779F, 0.00026543583953753114F,
                                    -0.00039199437014758587F, 0.001282610115595162F,   -0.0026091085746884346F,
                                    0.0041731237433850765F,   -0.006686007138341665F,  0.010425404645502567F,
                                    -0.015049141831696033F,   0.020317496731877327F,   -0.02603873237967491F,
                                    0.03207574039697647F,     -0.03879357501864433F,   0.04773738607764244F,
                                    -0.06417232006788254F,    0.1285519301891327F};
  const Lanes d;
  const Vector near = hn::Min(hn::Max(x, hn::Set(d, -limit)), hn::Set(d, limit));
  const Vector t = hn::MulAdd(hn::Mul(near, near), hn::Set(d, 2 / (limit * limit)), hn::Set(d, -1.0F));
  Vector polynomial = hn::Set(d, coefficients[0]);
#pragma GCC unroll 16
  for (int degree = 1; degree < 17; ++degree) {
    polynomial = hn::MulAdd(polynomial, t, hn::Set(d, coefficients[degree]));
  }
  const Vector half_erf = hn::MulAdd(near, polynomial, hn::Set(d, 0.5F));
  return hn::IfThenElse(hn::Lt(x, hn::Set(d, -limit)), hn::Zero(d), hn::Mul(x, half_erf));
}

template <typename Use>
HWY_INLINE void for_each_normalized(const float* row, const Normalization& normalization, const Use& use) {
  const Lanes d;
  const auto channels = static_cast<std::int64_t>(normalization.mean.size());
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  for (std::int64_t channel = 0; channel < channels; channel += lanes) {
    const Vector mean = hn::LoadU(d, normalization.mean.data() + channel);
    const Vector scale = hn::LoadU(d, normalization.scale.data() + channel);
    const Vector offset = hn::LoadU(d, normalization.offset.data() + channel);
    const auto at = [&](std::int64_t pixel) HWY_ATTR {
      const Vector x = hn::LoadU(d, row + pixel * channels + channel);
      return gelu(hn::MulAdd(hn::Sub(x, mean), scale, offset));
    };
    use(channel, at);
  }
}

void normalize_row_in_lanes(const float* row, std::int64_t pixels, const Normalization& normalization, float* output) {
  const auto channels = static_cast<std::int64_t>(normalization.mean.size());
  for_each_normalized(row, normalization, [&](std::int64_t channel, const auto& at) HWY_ATTR {
    const Lanes d;
    std::int64_t pixel = 0;
    for (; pixel + 4 <= pixels; pixel += 4) {  // four polynomials at once hide the latency of each
      const Vector y0 = at(pixel);
      const Vector y1 = at(pixel + 1);
      const Vector y2 = at(pixel + 2);
      const Vector y3 = at(pixel + 3);
      float* to = output + pixel * channels + channel;
      hn::StoreU(y0, d, to);
      hn::StoreU(y1, d, to + channels);
      hn::StoreU(y2, d, to + 2 * channels);
      hn::StoreU(y3, d, to + 3 * channels);
    }
    for (; pixel < pixels; ++pixel) {
      hn::StoreU(at(pixel), d, output + pixel * channels + channel);
    }
  });
}

void pool_rows_in_lanes(const float* first, std::int64_t rows, std::int64_t pixels, const Normalization& normalization,
                        float* output) {
  const auto channels = static_cast<std::int64_t>(normalization.mean.size());
  for_each_normalized(first, normalization, [&](std::int64_t channel, const auto& at) HWY_ATTR {
    const Lanes d;
    for (std::int64_t pixel = 0; pixel < pixels; pixel += 2) {
      const std::int64_t columns = std::min<std::int64_t>(2, pixels - pixel);
      Vector sum = hn::Zero(d);
      for (std::int64_t row = 0; row < rows; ++row) {
        for (std::int64_t column = 0; column < columns; ++column) {
          sum = hn::Add(sum, at(row * pixels + pixel + column));
        }
      }
      const Vector share = hn::Set(d, 1.0F / static_cast<float>(rows * columns));
      hn::StoreU(hn::Mul(sum, share), d, output + pixel / 2 * channels + channel);
    }
  });
}

void sum_normalized_row_in_lanes(const float* row, std::int64_t pixels, const Normalization& normalization,
                                 std::span<double> sums) {
  for_each_normalized(row, normalization, [&](std::int64_t channel, const auto& at) HWY_ATTR {
    const Lanes d;
    Vector total = hn::Zero(d);
    for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
      total = hn::Add(total, at(pixel));
    }
    HWY_ALIGN float values[channel_block];
    hn::StoreU(total, d, values);
    for (std::size_t lane = 0; lane < hn::Lanes(d); ++lane) {
      sums[static_cast<std::size_t>(channel) + lane] += static_cast<double>(values[lane]);
    }
  });
}

// Sums of x - first and (x - first)^2 of one vector of channels over a row.
void row_sums(const float* row, std::int64_t pixels, std::int64_t channels, std::int64_t channel, float* sum,
              float* squares) {
  const Lanes d;
  const float* from = row + channel;
  const Vector first = hn::LoadU(d, from);
  Vector sums[4] = {hn::Zero(d), hn::Zero(d), hn::Zero(d), hn::Zero(d)};
  Vector square_sums[4] = {hn::Zero(d), hn::Zero(d), hn::Zero(d), hn::Zero(d)};
  std::int64_t pixel = 0;
  for (; pixel + 4 <= pixels; pixel += 4) {
#pragma GCC unroll 4
    for (int part = 0; part < 4; ++part) {
      const Vector x = hn::Sub(hn::LoadU(d, from + (pixel + part) * channels), first);
      sums[part] = hn::Add(sums[part], x);
      square_sums[part] = hn::MulAdd(x, x, square_sums[part]);
    }
  }
  for (; pixel < pixels; ++pixel) {
    const Vector x = hn::Sub(hn::LoadU(d, from + pixel * channels), first);
    sums[0] = hn::Add(sums[0], x);
    square_sums[0] = hn::MulAdd(x, x, square_sums[0]);
  }
  hn::StoreU(hn::Add(hn::Add(sums[0], sums[1]), hn::Add(sums[2], sums[3])), d, sum);
  hn::StoreU(hn::Add(hn::Add(square_sums[0], square_sums[1]), hn::Add(square_sums[2], square_sums[3])), d, squares);
}

void add_row_in_lanes(const float* row, std::int64_t pixels, Moments& moments) {
  const auto channels = static_cast<std::int64_t>(moments.mean.size());
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(Lanes()));
  const auto count = static_cast<double>(pixels);
  const double total = moments.pixels + count;
  HWY_ALIGN float sum[channel_block];
  HWY_ALIGN float squares[channel_block];
  for (std::int64_t channel = 0; channel < channels; channel += lanes) {
    row_sums(row, pixels, channels, channel, sum, squares);
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      const auto index = static_cast<std::size_t>(channel + lane);
      const double shifted = static_cast<double>(sum[lane]) / count;
      const double row_mean = static_cast<double>(row[channel + lane]) + shifted;
      const double row_squares = static_cast<double>(squares[lane]) - shifted * shifted * count;
      const double difference = row_mean - moments.mean[index];
      moments.mean[index] += difference * count / total;
      moments.squares[index] += row_squares + difference * difference * moments.pixels * count / total;
    }
  }
  moments.pixels = total;
}

}  // namespace
}  // namespace mriembed::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mriembed::kernels {

HWY_EXPORT(add_row_in_lanes);
HWY_EXPORT(normalize_row_in_lanes);
HWY_EXPORT(pool_rows_in_lanes);
HWY_EXPORT(sum_normalized_row_in_lanes);

void add_row(const float* row, std::int64_t pixels, Moments& moments) {
  HWY_DYNAMIC_DISPATCH(add_row_in_lanes)(row, pixels, moments);
}

void normalize_row(const float* row, std::int64_t pixels, const Normalization& normalization, float* output) {
  HWY_DYNAMIC_DISPATCH(normalize_row_in_lanes)(row, pixels, normalization, output);
}

void pool_rows(const float* first, std::int64_t rows, std::int64_t pixels, const Normalization& normalization,
               float* output) {
  HWY_DYNAMIC_DISPATCH(pool_rows_in_lanes)(first, rows, pixels, normalization, output);
}

void sum_normalized_row(const float* row, std::int64_t pixels, const Normalization& normalization,
                        std::span<double> sums) {
  HWY_DYNAMIC_DISPATCH(sum_normalized_row_in_lanes)(row, pixels, normalization, sums);
}

void add_sums(const ShiftedSums& sums, std::int64_t pixels, Moments& moments) {
  const auto count = static_cast<double>(pixels);
  const double total = moments.pixels + count;
  for (std::size_t channel = 0; channel < moments.mean.size(); ++channel) {
    const double shifted = static_cast<double>(sums.sum[channel]) / count;
    const double mean = static_cast<double>(sums.shift[channel]) + shifted;
    const double squares = static_cast<double>(sums.squares[channel]) - shifted * shifted * count;
    const double difference = mean - moments.mean[channel];
    moments.mean[channel] += difference * count / total;
    moments.squares[channel] += squares + difference * difference * moments.pixels * count / total;
  }
  moments.pixels = total;
}

void merge(const Moments& other, Moments& moments) {
  const double total = moments.pixels + other.pixels;
  if (total == 0) {
    return;
  }
  for (std::size_t channel = 0; channel < moments.mean.size(); ++channel) {
    const double difference = other.mean[channel] - moments.mean[channel];
    moments.mean[channel] += difference * other.pixels / total;
    moments.squares[channel] +=
        other.squares[channel] + difference * difference * moments.pixels * other.pixels / total;
  }
  moments.pixels = total;
}

Normalization group_normalization(const Moments& moments, std::span<const float> shift, std::int64_t groups,
                                  double epsilon, std::span<const float> weight, std::span<const float> bias) {
  const std::size_t padded = moments.mean.size();
  Normalization result{std::vector<float>(padded), std::vector<float>(padded), std::vector<float>(padded)};
  const std::size_t members = weight.size() / static_cast<std::size_t>(groups);
  const auto channel_mean = [&](std::size_t channel) {
    return moments.mean[channel] + static_cast<double>(shift[channel]);
  };
  for (std::size_t first = 0; first < weight.size(); first += members) {
    double mean = 0;
    for (std::size_t channel = first; channel < first + members; ++channel) {
      mean += channel_mean(channel) / static_cast<double>(members);
    }
    double squares = 0;
    for (std::size_t channel = first; channel < first + members; ++channel) {
      const double difference = channel_mean(channel) - mean;
      squares += moments.squares[channel] + moments.pixels * difference * difference;
    }
    const double scale = 1 / std::sqrt(squares / (moments.pixels * static_cast<double>(members)) + epsilon);
    for (std::size_t channel = first; channel < first + members; ++channel) {
      const double subtracted = mean - static_cast<double>(shift[channel]);
      const double channel_scale = scale * static_cast<double>(weight[channel]);
      result.mean[channel] = static_cast<float>(subtracted);
      const double remainder = subtracted - static_cast<double>(result.mean[channel]);
      result.scale[channel] = static_cast<float>(channel_scale);
      result.offset[channel] = static_cast<float>(static_cast<double>(bias[channel]) - remainder * channel_scale);
    }
  }
  return result;
}

}  // namespace mriembed::kernels
#endif  // HWY_ONCE
