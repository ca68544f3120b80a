#include "kernels/grappa_synthesis.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

#include "kernels/grappa_calibration.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/grappa_synthesis.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mriembed::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Lanes = hn::CappedTag<float, 16>;
using Vector = hn::Vec<Lanes>;

constexpr auto lanes = static_cast<std::int64_t>(hn::MaxLanes(Lanes()));

// Coils of two lines whose sums stay in registers: 16 of 32, or 8 of 16.
constexpr int group = lanes == 16 ? 4 : 2;

constexpr std::int64_t most_weights = 8192;  // floats that the nearest cache holds

struct Complex {
  Vector real;
  Vector imaginary;
};

HWY_INLINE Complex load(const float* HWY_RESTRICT from, std::int64_t left) {
  const Lanes d;
  Complex loaded;
  if (left >= lanes) {
    hn::LoadInterleaved2(d, from, loaded.real, loaded.imaginary);
  } else {
    HWY_ALIGN float pairs[2 * lanes] = {};
    std::copy_n(from, 2 * left, pairs);
    hn::LoadInterleaved2(d, pairs, loaded.real, loaded.imaginary);
  }
  return loaded;
}

HWY_INLINE void store(Complex sums, std::int64_t left, float* HWY_RESTRICT to) {
  const Lanes d;
  if (left >= lanes) {
    hn::StoreInterleaved2(sums.real, sums.imaginary, d, to);
  } else {
    HWY_ALIGN float pairs[2 * lanes];
    hn::StoreInterleaved2(sums.real, sums.imaginary, d, pairs);
    std::copy_n(pairs, 2 * left, to);
  }
}

// The weights at a vector of columns: (group of coils of the missing line, measured line and coil, coil of the group,
// real and imaginary part, lane).
void spread_weights(const LineWeights& weights, const TapRoots& roots, std::int64_t first, float* HWY_RESTRICT to) {
  const Lanes d;
  const std::int64_t sources = 2 * weights.coils;
  Vector root_real[grappa_taps];
  Vector root_imaginary[grappa_taps];
#pragma GCC unroll 5
  for (int tap = 0; tap < grappa_taps; ++tap) {
    root_real[tap] = hn::Load(d, roots.of(tap) + first);
    root_imaginary[tap] = hn::Load(d, roots.of(tap) + roots.pitch() + first);
  }
  for (std::int64_t coil = 0; coil < weights.coils; ++coil) {
    const auto* values = reinterpret_cast<const float*>(weights.values.data() + coil * grappa_taps * sources);
    for (std::int64_t source = 0; source < sources; ++source) {
      Vector real = hn::Zero(d);
      Vector imaginary = hn::Zero(d);
#pragma GCC unroll 5
      for (int tap = 0; tap < grappa_taps; ++tap) {
        const Vector a = hn::Set(d, values[2 * (tap * sources + source)]);
        const Vector b = hn::Set(d, values[2 * (tap * sources + source) + 1]);
        real = hn::MulAdd(a, root_real[tap], hn::NegMulAdd(b, root_imaginary[tap], real));
        imaginary = hn::MulAdd(a, root_imaginary[tap], hn::MulAdd(b, root_real[tap], imaginary));
      }
      float* place = to + ((coil / group * sources + source) * group + coil % group) * 2 * lanes;
      hn::Store(real, d, place);
      hn::Store(imaginary, d, place + lanes);
    }
  }
}

// What `Lines` lines are filled from, at the vector of columns from `first` on, for all groups of coils: (measured line
// and coil, line, real and imaginary part, lane). A measured line that is not there is left out.
template <int Lines>
HWY_INLINE void split_sources(const MissingLine* lines, std::int64_t coils, std::int64_t coil_floats,
                              std::int64_t first, std::int64_t left, float* HWY_RESTRICT to) {
  const Lanes d;
  for (const bool behind : {false, true}) {
    if ((behind ? lines->after : lines->before) == nullptr) {
      to += coils * Lines * 2 * lanes;
      continue;
    }
    for (std::int64_t source = 0; source < coils; ++source) {
#pragma GCC unroll 2
      for (int line = 0; line < Lines; ++line) {
        const auto* row = reinterpret_cast<const float*>(behind ? lines[line].after : lines[line].before);
        const Complex x = load(row + source * coil_floats + 2 * first, left);
        hn::Store(x.real, d, to);
        hn::Store(x.imaginary, d, to + lanes);
        to += 2 * lanes;
      }
    }
  }
}

// `Lines` lines, the coils of a group from `coil` on, at the vector of columns from `first` on. `source`: of
// split_sources().
template <int Lines>
HWY_INLINE void fill_tile(const MissingLine* lines, const float* HWY_RESTRICT weight, const float* HWY_RESTRICT source,
                          std::int64_t coils, std::int64_t coil_floats, std::int64_t coil, std::int64_t first,
                          std::int64_t left) {
  const Lanes d;
  Complex sums[Lines][group];
#pragma GCC unroll 2
  for (int line = 0; line < Lines; ++line) {
#pragma GCC unroll 4
    for (int member = 0; member < group; ++member) {
      sums[line][member] = {hn::Zero(d), hn::Zero(d)};
    }
  }
  for (const bool behind : {false, true}) {
    if ((behind ? lines->after : lines->before) == nullptr) {
      weight += coils * group * 2 * lanes;
      source += coils * Lines * 2 * lanes;
      continue;
    }
    for (std::int64_t number = 0; number < coils; ++number) {
      Complex x[Lines];
#pragma GCC unroll 2
      for (int line = 0; line < Lines; ++line) {
        x[line] = {hn::Load(d, source), hn::Load(d, source + lanes)};
        source += 2 * lanes;
      }
#pragma GCC unroll 4
      for (int member = 0; member < group; ++member) {
        const Vector a = hn::Load(d, weight + std::ptrdiff_t{2} * member * lanes);
        const Vector b = hn::Load(d, weight + (std::ptrdiff_t{2} * member + 1) * lanes);
#pragma GCC unroll 2
        for (int line = 0; line < Lines; ++line) {
          Complex& sum = sums[line][member];
          sum.real = hn::MulAdd(a, x[line].real, sum.real);
          sum.imaginary = hn::MulAdd(a, x[line].imaginary, sum.imaginary);
          sum.real = hn::NegMulAdd(b, x[line].imaginary, sum.real);
          sum.imaginary = hn::MulAdd(b, x[line].real, sum.imaginary);
        }
      }
      weight += std::ptrdiff_t{2} * group * lanes;
    }
  }
#pragma GCC unroll 2
  for (int line = 0; line < Lines; ++line) {
    auto* to = reinterpret_cast<float*>(lines[line].to) + coil * coil_floats + 2 * first;
#pragma GCC unroll 4
    for (int member = 0; member < group; ++member) {
      if (coil + member < coils) {
        store(sums[line][member], left, to + member * coil_floats);
      }
    }
  }
}

// `Lines` lines in all coils, at the vector of columns from `first` on. `split`: memory of split_sources().
template <int Lines>
HWY_INLINE void fill_lines_at(const MissingLine* lines, const float* HWY_RESTRICT weight, float* HWY_RESTRICT split,
                              std::int64_t coils, std::int64_t coil_floats, std::int64_t first, std::int64_t left) {
  split_sources<Lines>(lines, coils, coil_floats, first, left, split);
  for (std::int64_t coil = 0; coil < coils; coil += group) {
    fill_tile<Lines>(lines, weight, split, coils, coil_floats, coil, first, left);
    weight += 2 * coils * group * 2 * lanes;
  }
}

void fill_in_lanes(std::span<const MissingLine> lines, const LineWeights& weights, const TapRoots& roots,
                   std::int64_t coil_floats, std::int64_t first, std::int64_t columns, SynthesisMemory& memory) {
  const std::int64_t sources = 2 * weights.coils;
  const std::int64_t groups = (weights.coils + group - 1) / group;
  const std::int64_t of_group = sources * group * 2 * lanes;
  const std::int64_t of_vector = groups * of_group;
  // Some neighbouring vectors of columns one after the other in each line, for its sake, as many as their weights fit
  // into the nearest cache.
  const std::int64_t together = lanes * std::clamp<std::int64_t>(most_weights / of_vector, 1, 4);
  const std::int64_t all_weights = together / lanes * of_vector;
  memory.assign(static_cast<std::size_t>(all_weights + 2 * sources * 2 * lanes), 0.0F);
  float* const split = memory.data() + all_weights;
  const auto count = static_cast<std::int64_t>(lines.size());
  const std::int64_t end = first + columns;
  for (std::int64_t block = first; block < end; block += together) {
    const std::int64_t block_end = std::min(end, block + together);
    for (std::int64_t column = block; column < block_end; column += lanes) {
      spread_weights(weights, roots, column, memory.data() + (column - block) / lanes * of_vector);
    }
    for (std::int64_t line = 0; line < count; line += 2) {
      for (std::int64_t column = block; column < block_end; column += lanes) {
        const float* const weight = memory.data() + (column - block) / lanes * of_vector;
        if (line + 1 < count) {
          fill_lines_at<2>(lines.data() + line, weight, split, weights.coils, coil_floats, column, end - column);
        } else {
          fill_lines_at<1>(lines.data() + line, weight, split, weights.coils, coil_floats, column, end - column);
        }
      }
    }
  }
}

}  // namespace
}  // namespace mriembed::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mriembed::kernels {

HWY_EXPORT(fill_in_lanes);

void TapRoots::resize(std::int64_t width) {
  if (width == width_) {
    return;
  }
  constexpr std::int64_t most_lanes = 16;
  width_ = width;
  pitch_ = (width + most_lanes - 1) / most_lanes * most_lanes;
  parts_.assign(static_cast<std::size_t>(grappa_taps * 2 * pitch_), 0.0F);
  for (std::int64_t tap = 0; tap < grappa_taps; ++tap) {
    for (std::int64_t x = 0; x < width; ++x) {
      const std::int64_t turns = (tap - grappa_taps / 2 + width) * x % width;
      const double angle = 2 * std::numbers::pi * static_cast<double>(turns) / static_cast<double>(width);
      const auto place = static_cast<std::size_t>(2 * tap * pitch_ + x);
      parts_[place] = static_cast<float>(std::cos(angle));
      parts_[place + static_cast<std::size_t>(pitch_)] = static_cast<float>(std::sin(angle));
    }
  }
}

void fill_lines(std::span<const MissingLine> lines, const LineWeights& weights, const TapRoots& roots,
                std::int64_t coil_stride, std::int64_t first, std::int64_t columns, SynthesisMemory& memory) {
  HWY_DYNAMIC_DISPATCH(fill_in_lanes)(lines, weights, roots, 2 * coil_stride, first, columns, memory);
}

}  // namespace mriembed::kernels
#endif  // HWY_ONCE
