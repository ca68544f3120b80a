#include "kernels/coil_gram.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/coil_gram.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mriembed::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Lanes = hn::CappedTag<float, static_cast<std::size_t>(CoilBlock::pixel_group)>;
using Vector = hn::Vec<Lanes>;

// Pairs of coils whose sums stay in registers: 18 of 32, or 8 of 16. Both sides divide CoilBlock::coil_group.
constexpr int tile = hn::MaxLanes(Lanes()) == 16 ? 3 : 2;

HWY_INLINE void add_lanes(Vector sums, double* HWY_RESTRICT to) {
#if HWY_TARGET == HWY_SCALAR
  *to += static_cast<double>(hn::GetLane(sums));
#else
  const hn::Half<Lanes> half;
  const hn::Repartition<double, Lanes> dd;
  const auto low = hn::PromoteTo(dd, hn::LowerHalf(half, sums));
  const auto high = hn::PromoteTo(dd, hn::UpperHalf(half, sums));
  hn::StoreU(hn::Add(hn::LoadU(dd, to), hn::Add(low, high)), dd, to);
#endif
}

// x_i conj(x_j) over the pixels of the block, for `tile` coils from `i` and as many from `j`.
HWY_INLINE void add_tile(const CoilBlock& block, std::int64_t i, std::int64_t j, std::int64_t padded,
                         double* HWY_RESTRICT sums, const char* upcoming) {
  const Lanes d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  Vector real[tile][tile];
  Vector imaginary[tile][tile];
#pragma GCC unroll 3
  for (int row = 0; row < tile; ++row) {
#pragma GCC unroll 3
    for (int column = 0; column < tile; ++column) {
      real[row][column] = hn::Zero(d);
      imaginary[row][column] = hn::Zero(d);
    }
  }
  const float* HWY_RESTRICT rows = block.real(i);
  const float* HWY_RESTRICT columns = block.real(j);
  const std::int64_t part = block.imaginary(0) - block.real(0);
  for (std::int64_t pixel = 0; pixel < block.pixels(); pixel += lanes) {
    for (std::int64_t line = 0; line < 8 * lanes; line += 64) {
      hwy::Prefetch(upcoming + 8 * pixel + line);
    }
    Vector b_real[tile];
    Vector b_imaginary[tile];
#pragma GCC unroll 3
    for (int column = 0; column < tile; ++column) {
      b_real[column] = hn::Load(d, columns + std::int64_t{2} * column * part + pixel);
      b_imaginary[column] = hn::Load(d, columns + (std::int64_t{2} * column + 1) * part + pixel);
    }
#pragma GCC unroll 3
    for (int row = 0; row < tile; ++row) {
      const Vector a_real = hn::Load(d, rows + std::int64_t{2} * row * part + pixel);
      const Vector a_imaginary = hn::Load(d, rows + (std::int64_t{2} * row + 1) * part + pixel);
#pragma GCC unroll 3
      for (int column = 0; column < tile; ++column) {
        real[row][column] = hn::MulAdd(a_real, b_real[column], real[row][column]);
        imaginary[row][column] = hn::MulAdd(a_imaginary, b_real[column], imaginary[row][column]);
      }
#pragma GCC unroll 3
      for (int column = 0; column < tile; ++column) {
        real[row][column] = hn::MulAdd(a_imaginary, b_imaginary[column], real[row][column]);
        imaginary[row][column] = hn::NegMulAdd(a_real, b_imaginary[column], imaginary[row][column]);
      }
    }
  }
  for (int row = 0; row < tile; ++row) {
    for (int column = 0; column < tile; ++column) {
      double* to = sums + ((i + row) * padded + j + column) * 16;
      add_lanes(real[row][column], to);
      add_lanes(imaginary[row][column], to + 8);
    }
  }
}

void add_block_in_lanes(const CoilBlock& block, std::int64_t padded, double* sums) {
  std::int64_t coil = 0;  // each tile fetches one coil of the next block
  for (std::int64_t i = 0; i < block.coils(); i += tile) {
    for (std::int64_t j = 0; j <= i; j += tile) {
      add_tile(block, i, j, padded, sums, block.upcoming(std::min(coil++, block.coils() - 1)));
    }
  }
}

}  // namespace
}  // namespace mriembed::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mriembed::kernels {

HWY_EXPORT(add_block_in_lanes);

void CoilGram::reset(std::int64_t coils) {
  coils_ = coils;
  padded_ = (coils + CoilBlock::coil_group - 1) / CoilBlock::coil_group * CoilBlock::coil_group;
  sums_.assign(static_cast<std::size_t>(padded_ * padded_ * 16), 0.0);
}

void CoilGram::add(const CoilBlock& block) { HWY_DYNAMIC_DISPATCH(add_block_in_lanes)(block, padded_, sums_.data()); }

void CoilGram::write(std::complex<double>* matrix) const {
  for (std::int64_t i = 0; i < coils_; ++i) {
    for (std::int64_t j = 0; j <= i; ++j) {
      const double* parts = sums_.data() + (i * padded_ + j) * 16;
      double real = 0;
      double imaginary = 0;
      for (int part = 0; part < 8; ++part) {
        real += parts[part];
        imaginary += parts[8 + part];
      }
      matrix[j * coils_ + i] = {real, -imaginary};
      matrix[i * coils_ + j] = {real, i == j ? 0 : imaginary};
    }
  }
}

}  // namespace mriembed::kernels
#endif  // HWY_ONCE
