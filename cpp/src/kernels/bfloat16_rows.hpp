// Rows of bfloat16 images, channels last: rounding, moments, and GroupNorm with GELU. The arithmetic is in float32.
//
// Needs bfloat16_unit() != none. A bfloat16 is held as its 16 bits, which are the upper half of the float's.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/normalization.hpp"

namespace mriembed::kernels {

using Bfloat16 = std::uint16_t;

// Channels of a vector; images between stages hold a multiple of it, filled up with zeros.
constexpr std::int64_t bfloat16_block = 32;

// Rounds `count` floats to the nearest bfloat16, ties to even.
void round_to_bfloat16(const float* from, std::int64_t count, Bfloat16* to);

// As add_row for float32. The number of channels is a multiple of bfloat16_block, here and below.
void add_row(const Bfloat16* row, std::int64_t pixels, Moments& moments);

// `normalization` with its mean folded into the offset, as the two following demand: one operation less for each
// sample. The digits that this costs where the mean is large, bfloat16 does not have.
Normalization folded(Normalization normalization);

// Writes the normalized, activated row to `output`, whose pixels are `output_pixel` apart; up to bfloat16_block samples
// behind the last pixel are overwritten.
void normalize_row(const Bfloat16* row, std::int64_t pixels, const Normalization& normalization, Bfloat16* output,
                   std::int64_t output_pixel);

// As pool_rows for float32; the means are rounded once. `output` as of normalize_row.
void pool_rows(const Bfloat16* first, std::int64_t rows, std::int64_t pixels, const Normalization& normalization,
               Bfloat16* output, std::int64_t output_pixel);

// Adds each channel's sum over the normalized, activated row to `sums`.
void sum_normalized_row(const Bfloat16* row, std::int64_t pixels, const Normalization& normalization,
                        std::span<double> sums);

}  // namespace mriembed::kernels
