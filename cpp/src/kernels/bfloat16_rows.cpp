#include "kernels/bfloat16_rows.hpp"

#include <immintrin.h>

#include <array>
#include <cstddef>

#include "kernels/bfloat16_target.hpp"

namespace mriembed::kernels {

namespace {

constexpr std::size_t half_block = 16;

// The 32 channels of a vector, as float32.
struct Channels {
  __m512 low;
  __m512 high;
};

MRIEMBED_AVX512_BF16_INLINE __m512 widened(__m256i bits) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
}

MRIEMBED_AVX512_BF16_INLINE Channels load(const Bfloat16* from) {
  return {widened(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from))),
          widened(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + half_block)))};
}

MRIEMBED_AVX512_BF16_INLINE void store(const Channels& channels, Bfloat16* to) {
  _mm512_storeu_si512(to, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(channels.high, channels.low)));
}

// gelu(x) = x (1 / 2 + erf(x / sqrt 2) / 2). erf(x / sqrt 2) / (2 x) is a polynomial in x^2, the minimax one for the
// product with x^2 up to 4, where x stays from there on: within 2e-4 of the exact function up to 12, a tenth of
// bfloat16's own rounding at 1, and within 2e-5 |x| beyond.
MRIEMBED_AVX512_BF16_INLINE __m512 gelu(__m512 x) {
  constexpr int magnitude = 2;  // the smaller magnitude, with the sign of the first operand
  const __m512 near = _mm512_range_ps(x, _mm512_set1_ps(4.0F), magnitude);
  const __m512 t = _mm512_mul_ps(near, near);
  __m512 polynomial = _mm512_set1_ps(2.2781409821994844e-08F);
  polynomial = _mm512_fmadd_ps(polynomial, t, _mm512_set1_ps(-1.5986005409421654e-06F));
  polynomial = _mm512_fmadd_ps(polynomial, t, _mm512_set1_ps(4.795547842721987e-05F));
  polynomial = _mm512_fmadd_ps(polynomial, t, _mm512_set1_ps(-0.0008140150109602202F));
  polynomial = _mm512_fmadd_ps(polynomial, t, _mm512_set1_ps(0.008772385667506398F));
  polynomial = _mm512_fmadd_ps(polynomial, t, _mm512_set1_ps(-0.0645731038683479F));
  polynomial = _mm512_fmadd_ps(polynomial, t, _mm512_set1_ps(0.397883343443418F));
  return _mm512_mul_ps(x, _mm512_fmadd_ps(near, polynomial, _mm512_set1_ps(0.5F)));
}

MRIEMBED_AVX512_BF16_INLINE Channels normalized(const Bfloat16* from, const float* scale, const float* offset) {
  const Channels x = load(from);
  return {gelu(_mm512_fmadd_ps(x.low, _mm512_loadu_ps(scale), _mm512_loadu_ps(offset))),
          gelu(_mm512_fmadd_ps(x.high, _mm512_loadu_ps(scale + half_block), _mm512_loadu_ps(offset + half_block)))};
}

MRIEMBED_AVX512_BF16_INLINE void add(__m512 values, double* sums) {
  alignas(64) std::array<float, half_block> lanes;
  _mm512_store_ps(lanes.data(), values);
  for (std::size_t lane = 0; lane < half_block; ++lane) {
    sums[lane] += static_cast<double>(lanes[lane]);
  }
}

}  // namespace

MRIEMBED_AVX512_BF16 void round_to_bfloat16(const float* from, std::int64_t count, Bfloat16* to) {
  std::int64_t index = 0;
  for (; index + bfloat16_block <= count; index += bfloat16_block) {
    store({_mm512_loadu_ps(from + index), _mm512_loadu_ps(from + index + half_block)}, to + index);
  }
  for (; index < count; index += static_cast<std::int64_t>(half_block)) {
    const std::int64_t left = count - index;
    const auto mask = static_cast<__mmask16>(left >= 16 ? 0xFFFF : (1U << static_cast<unsigned>(left)) - 1);
    const __m512 values = _mm512_maskz_loadu_ps(mask, from + index);
    _mm256_mask_storeu_epi16(to + index, mask, reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(values)));
  }
}

MRIEMBED_AVX512_BF16 void add_row(const Bfloat16* row, std::int64_t pixels, Moments& moments) {
  const auto channels = static_cast<std::int64_t>(moments.mean.size());
  ShiftedSums sums(moments);
  for (std::int64_t channel = 0; channel < channels; channel += bfloat16_block) {
    const Channels shift = load(row + channel);
    Channels sum{_mm512_setzero_ps(), _mm512_setzero_ps()};
    Channels squares = sum;
    for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
      const Channels x = load(row + pixel * channels + channel);
      const Channels distance{_mm512_sub_ps(x.low, shift.low), _mm512_sub_ps(x.high, shift.high)};
      sum = {_mm512_add_ps(sum.low, distance.low), _mm512_add_ps(sum.high, distance.high)};
      squares = {_mm512_fmadd_ps(distance.low, distance.low, squares.low),
                 _mm512_fmadd_ps(distance.high, distance.high, squares.high)};
    }
    _mm512_storeu_ps(sums.shift.data() + channel, shift.low);
    _mm512_storeu_ps(sums.shift.data() + channel + half_block, shift.high);
    _mm512_storeu_ps(sums.sum.data() + channel, sum.low);
    _mm512_storeu_ps(sums.sum.data() + channel + half_block, sum.high);
    _mm512_storeu_ps(sums.squares.data() + channel, squares.low);
    _mm512_storeu_ps(sums.squares.data() + channel + half_block, squares.high);
  }
  add_sums(sums, pixels, moments);
}

Normalization folded(Normalization normalization) {
  for (std::size_t channel = 0; channel < normalization.mean.size(); ++channel) {
    normalization.offset[channel] =
        static_cast<float>(static_cast<double>(normalization.offset[channel]) -
                           static_cast<double>(normalization.mean[channel]) * normalization.scale[channel]);
    normalization.mean[channel] = 0;
  }
  return normalization;
}

MRIEMBED_AVX512_BF16 void normalize_row(const Bfloat16* row, std::int64_t pixels, const Normalization& normalization,
                                        Bfloat16* output, std::int64_t output_pixel) {
  const auto channels = static_cast<std::int64_t>(normalization.mean.size());
  const float* scale = normalization.scale.data();
  const float* offset = normalization.offset.data();
  // In the order of memory: what a vector writes beyond its pixel, the next pixel writes again.
  for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
    for (std::int64_t channel = 0; channel < channels; channel += bfloat16_block) {
      store(normalized(row + pixel * channels + channel, scale + channel, offset + channel),
            output + pixel * output_pixel + channel);
    }
  }
}

MRIEMBED_AVX512_BF16 void pool_rows(const Bfloat16* first, std::int64_t rows, std::int64_t pixels,
                                    const Normalization& normalization, Bfloat16* output, std::int64_t output_pixel) {
  const auto channels = static_cast<std::int64_t>(normalization.mean.size());
  for (std::int64_t pixel = 0; pixel < pixels; pixel += 2) {
    const std::int64_t columns = std::min<std::int64_t>(2, pixels - pixel);
    const __m512 share = _mm512_set1_ps(1.0F / static_cast<float>(rows * columns));
    for (std::int64_t channel = 0; channel < channels; channel += bfloat16_block) {
      const float* scale = normalization.scale.data() + channel;
      const float* offset = normalization.offset.data() + channel;
      Channels sum{_mm512_setzero_ps(), _mm512_setzero_ps()};
      for (std::int64_t row = 0; row < rows; ++row) {
        for (std::int64_t column = 0; column < columns; ++column) {
          const Channels y = normalized(first + (row * pixels + pixel + column) * channels + channel, scale, offset);
          sum = {_mm512_add_ps(sum.low, y.low), _mm512_add_ps(sum.high, y.high)};
        }
      }
      store({_mm512_mul_ps(sum.low, share), _mm512_mul_ps(sum.high, share)},
            output + pixel / 2 * output_pixel + channel);
    }
  }
}

MRIEMBED_AVX512_BF16 void sum_normalized_row(const Bfloat16* row, std::int64_t pixels,
                                             const Normalization& normalization, std::span<double> sums) {
  const auto channels = static_cast<std::int64_t>(normalization.mean.size());
  for (std::int64_t channel = 0; channel < channels; channel += bfloat16_block) {
    const float* scale = normalization.scale.data() + channel;
    const float* offset = normalization.offset.data() + channel;
    Channels sum{_mm512_setzero_ps(), _mm512_setzero_ps()};
    for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
      const Channels y = normalized(row + pixel * channels + channel, scale, offset);
      sum = {_mm512_add_ps(sum.low, y.low), _mm512_add_ps(sum.high, y.high)};
    }
    add(sum.low, sums.data() + channel);
    add(sum.high, sums.data() + channel + half_block);
  }
}

}  // namespace mriembed::kernels
