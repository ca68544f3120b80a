#include "kernels/bfloat16_convolution.hpp"

#include <immintrin.h>

#include <algorithm>
#include <array>

#include "kernels/bfloat16_target.hpp"

namespace mriembed::kernels {

namespace {

using Convolution = Bfloat16Convolution;

constexpr std::int64_t half_block = bfloat16_block / 2;
constexpr std::int64_t row_products = Convolution::most_pixels * half_block;

// Sums of two rows of up to 16 pixels for 32 output channels: (row, half of the channels, pixel, channel).
struct Products {
  alignas(64) std::array<float, static_cast<std::size_t>(4 * row_products)> values;

  float* tile(std::int64_t row, std::int64_t half) { return values.data() + (2 * row + half) * row_products; }
};

// What a unit multiplies: the input rows from the first of the pixels on, and one block's weights.
struct Operands {
  std::array<const Bfloat16*, 5> rows;
  std::int64_t stride;   // of the convolution
  std::int64_t pixel;    // samples from one output's input to the next one's
  std::int64_t samples;  // of a kernel row
  std::int64_t steps;
  const Bfloat16* weight;

  [[nodiscard]] const Bfloat16* input(std::int64_t row, std::int64_t kernel_row) const {
    return rows[static_cast<std::size_t>(row * stride + kernel_row)];
  }
  [[nodiscard]] const Bfloat16* tile(std::int64_t kernel_row, std::int64_t step, std::int64_t half) const {
    return weight + ((kernel_row * steps + step) * 2 + half) * Convolution::tile_samples;
  }
};

// The layout that LDTILECFG reads.
struct TileConfiguration {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::array<std::uint8_t, 14> reserved{};
  std::array<std::uint16_t, 16> row_bytes{};
  std::array<std::uint8_t, 16> rows{};
};

// Tiles 0 to 3 are sums, 4 and 5 `pixels` input pixels each, 6 and 7 weights.
MRIEMBED_AMX void configure_tiles(std::int64_t pixels) {
  TileConfiguration configuration;
  std::fill_n(configuration.row_bytes.begin(), 8, static_cast<std::uint16_t>(64));
  std::fill_n(configuration.rows.begin(), 6, static_cast<std::uint8_t>(pixels));
  std::fill_n(configuration.rows.begin() + 6, 2, static_cast<std::uint8_t>(16));
  // GCC 12 believes that the instruction reads only the first eight bytes, and would leave the others unwritten.
  __asm__ volatile("" : : "r"(&configuration) : "memory");
  _tile_loadconfig(&configuration);
}

MRIEMBED_AMX void release_tiles() { _tile_release(); }

MRIEMBED_AMX void multiply_tiles(const Operands& operands, Products& products) {
  const std::int64_t pixel_bytes = operands.pixel * static_cast<std::int64_t>(sizeof(Bfloat16));
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (std::int64_t kernel_row = 0; kernel_row < 3; ++kernel_row) {
    const Bfloat16* upper = operands.input(0, kernel_row);
    const Bfloat16* lower = operands.input(1, kernel_row);
    for (std::int64_t step = 0; step < operands.steps; ++step) {
      _tile_loadd(6, operands.tile(kernel_row, step, 0), 64);
      _tile_loadd(4, upper + step * Convolution::step, pixel_bytes);
      _tile_loadd(7, operands.tile(kernel_row, step, 1), 64);
      _tile_loadd(5, lower + step * Convolution::step, pixel_bytes);
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 4, 7);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
  }
  constexpr int pixel_products = static_cast<int>(half_block * sizeof(float));
  _tile_stored(0, products.tile(0, 0), pixel_products);
  _tile_stored(1, products.tile(0, 1), pixel_products);
  _tile_stored(2, products.tile(1, 0), pixel_products);
  _tile_stored(3, products.tile(1, 1), pixel_products);
}

// The same with vectors, eight pixels at once: 16 sums stay in registers.
MRIEMBED_AVX512_BF16 void multiply_vectors(const Operands& operands, std::int64_t pixels, Products& products) {
  constexpr std::int64_t at_once = 8;
  for (std::int64_t row = 0; row < 2; ++row) {
    for (std::int64_t first = 0; first < pixels; first += at_once) {
      __m512 sum[at_once][2];
      for (auto& halves : sum) {
        halves[0] = _mm512_setzero_ps();
        halves[1] = _mm512_setzero_ps();
      }
      for (std::int64_t kernel_row = 0; kernel_row < 3; ++kernel_row) {
        const Bfloat16* input = operands.input(row, kernel_row) + first * operands.pixel;
        for (std::int64_t sample = 0; sample < operands.samples; sample += 2) {
          const std::int64_t place = sample % Convolution::step * half_block;
          const auto w0 = reinterpret_cast<__m512bh>(
              _mm512_loadu_si512(operands.tile(kernel_row, sample / Convolution::step, 0) + place));
          const auto w1 = reinterpret_cast<__m512bh>(
              _mm512_loadu_si512(operands.tile(kernel_row, sample / Convolution::step, 1) + place));
#pragma GCC unroll 8
          for (std::int64_t pixel = 0; pixel < at_once; ++pixel) {
            const auto x = reinterpret_cast<__m512bh>(
                _mm512_broadcastd_epi32(_mm_loadu_si32(input + pixel * operands.pixel + sample)));
            auto& halves = sum[pixel];
            halves[0] = _mm512_dpbf16_ps(halves[0], x, w0);
            halves[1] = _mm512_dpbf16_ps(halves[1], x, w1);
          }
        }
      }
      for (std::int64_t pixel = 0; pixel < at_once; ++pixel) {
        const auto& halves = sum[pixel];
        _mm512_store_ps(products.tile(row, 0) + (first + pixel) * half_block, halves[0]);
        _mm512_store_ps(products.tile(row, 1) + (first + pixel) * half_block, halves[1]);
      }
    }
  }
}

// Rounds and stores `pixels` pixels of the products' row `row`, and adds them to the sums of the block's channels.
MRIEMBED_AVX512_BF16 void take(Products& products, std::int64_t row, std::int64_t pixels, Bfloat16* output,
                               std::int64_t output_pixel, ShiftedSums& sums, std::int64_t channel) {
  __m512 shift[2];
  __m512 sum[2];
  __m512 squares[2];
  for (std::size_t half = 0; half < 2; ++half) {
    const std::int64_t lane = channel + static_cast<std::int64_t>(half) * half_block;
    shift[half] = _mm512_loadu_ps(sums.shift.data() + lane);
    sum[half] = _mm512_loadu_ps(sums.sum.data() + lane);
    squares[half] = _mm512_loadu_ps(sums.squares.data() + lane);
  }
  const float* low = products.tile(row, 0);
  const float* high = products.tile(row, 1);
  for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
    const __m512 x[2] = {_mm512_load_ps(low + pixel * half_block), _mm512_load_ps(high + pixel * half_block)};
    for (std::size_t half = 0; half < 2; ++half) {
      const __m512 distance = _mm512_sub_ps(x[half], shift[half]);
      sum[half] = _mm512_add_ps(sum[half], distance);
      squares[half] = _mm512_fmadd_ps(distance, distance, squares[half]);
    }
    _mm512_storeu_si512(output + pixel * output_pixel, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(x[1], x[0])));
  }
  for (std::size_t half = 0; half < 2; ++half) {
    const std::int64_t lane = channel + static_cast<std::int64_t>(half) * half_block;
    _mm512_storeu_ps(sums.sum.data() + lane, sum[half]);
    _mm512_storeu_ps(sums.squares.data() + lane, squares[half]);
  }
}

Bfloat16 rounded(float value) {
  Bfloat16 bits = 0;
  round_to_bfloat16(&value, 1, &bits);
  return bits;
}

}  // namespace

Bfloat16Convolution::Bfloat16Convolution(std::int64_t in_channels, std::int64_t out_channels, std::int64_t stride,
                                         std::span<const float> weight)
    : stride_(stride),
      input_pixel_((in_channels + 1) / 2 * 2),
      steps_((3 * input_pixel_ + step - 1) / step),
      blocks_((out_channels + bfloat16_block - 1) / bfloat16_block),
      weight_(static_cast<std::size_t>(blocks_ * 3 * steps_ * 2 * tile_samples)) {
  for (std::int64_t out = 0; out < out_channels; ++out) {
    for (std::int64_t in = 0; in < in_channels; ++in) {
      for (std::int64_t tap = 0; tap < 9; ++tap) {
        const std::int64_t sample = tap % 3 * input_pixel_ + in;
        const std::int64_t block = out / bfloat16_block;
        const std::int64_t half = out % bfloat16_block / half_block;
        const std::int64_t tile = ((block * 3 + tap / 3) * steps_ + sample / step) * 2 + half;
        const std::int64_t place = (sample % step / 2 * half_block + out % half_block) * 2 + sample % 2;
        weight_[static_cast<std::size_t>(tile * tile_samples + place)] =
            rounded(weight[static_cast<std::size_t>((out * in_channels + in) * 9 + tap)]);
      }
    }
  }
}

std::int64_t Bfloat16Convolution::input_row(std::int64_t width) const noexcept {
  const std::int64_t pixels = (width + most_pixels - 1) / most_pixels * most_pixels;
  return (stride_ * (pixels - 1) + 3) * input_pixel_ + step;
}

void convolve_strip(const Bfloat16Convolution& convolution, Bfloat16Unit unit, const Bfloat16* const* rows,
                    std::int64_t height, std::int64_t width, Bfloat16* output, ShiftedSums& sums) {
  const std::int64_t runs = (width + Convolution::most_pixels - 1) / Convolution::most_pixels;
  const std::int64_t at_once = (width + runs - 1) / runs;
  const std::int64_t output_pixel = convolution.output_pixel();
  Operands operands{{},
                    convolution.stride(),
                    convolution.stride() * convolution.input_pixel(),
                    3 * convolution.input_pixel(),
                    convolution.steps(),
                    nullptr};
  Products products;
  if (unit == Bfloat16Unit::amx) {
    configure_tiles(at_once);
  }
  for (std::int64_t block = 0; block < convolution.blocks(); ++block) {
    operands.weight = convolution.weight(block);
    for (std::int64_t first = 0; first < width; first += at_once) {
      const std::int64_t pixels = std::min(at_once, width - first);
      for (std::int64_t row = 0; row < convolution.stride() + 3; ++row) {
        operands.rows[static_cast<std::size_t>(row)] = rows[row] + first * operands.pixel;
      }
      if (unit == Bfloat16Unit::amx) {
        multiply_tiles(operands, products);
      } else {
        multiply_vectors(operands, pixels, products);
      }
      for (std::int64_t row = 0; row < height; ++row) {
        take(products, row, pixels, output + (row * width + first) * output_pixel + block * bfloat16_block,
             output_pixel, sums, block * bfloat16_block);
      }
    }
  }
  if (unit == Bfloat16Unit::amx) {
    release_tiles();
  }
}

}  // namespace mriembed::kernels
