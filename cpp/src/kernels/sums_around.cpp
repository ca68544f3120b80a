#include "kernels/sums_around.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/sums_around.cpp"
#include <hwy/foreach_target.h>  // compiles this file once per instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mriembed::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Lanes = hn::CappedTag<float, 16>;

constexpr std::int64_t window = 2 * around_reach + 1;
constexpr std::int64_t aside = around_reach - around_near_x;  // samples of the window beside the nearest

// Sums of a line's columns, `around_reach` zeros before and behind them: `far` without the nearest lines, `all` with
// them.
struct Columns {
  float* far;
  float* all;
};

enum class Of { values, counts };

template <Of Kind>
HWY_INLINE void sum_columns(const float* plane, std::int64_t height, std::int64_t width, std::int64_t y,
                            Columns columns) {
  const Lanes d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const std::int64_t begin = std::max<std::int64_t>(0, y - around_reach);
  const std::int64_t end = std::min(height, y + around_reach + 1);
  std::int64_t x = 0;
  for (; x + lanes <= width; x += lanes) {
    auto far = hn::Zero(d);
    auto near = hn::Zero(d);
    for (std::int64_t line = begin; line < end; ++line) {
      auto values = hn::LoadU(d, plane + line * width + x);
      if constexpr (Kind == Of::counts) {
        values = hn::IfThenElseZero(hn::Gt(values, hn::Zero(d)), hn::Set(d, 1.0F));
      }
      if (std::abs(line - y) <= around_near_y) {
        near = hn::Add(near, values);
      } else {
        far = hn::Add(far, values);
      }
    }
    hn::StoreU(far, d, columns.far + around_reach + x);
    hn::StoreU(hn::Add(far, near), d, columns.all + around_reach + x);
  }
  for (; x < width; ++x) {
    float far = 0;
    float near = 0;
    for (std::int64_t line = begin; line < end; ++line) {
      const float value = plane[line * width + x];
      const float counted = value > 0 ? 1.0F : 0.0F;
      (std::abs(line - y) <= around_near_y ? near : far) += Kind == Of::counts ? counted : value;
    }
    columns.far[around_reach + x] = far;
    columns.all[around_reach + x] = far + near;
  }
}

// Of the columns that a sample's window begins with.
HWY_INLINE void sum_windows(Columns columns, std::int64_t width, float* HWY_RESTRICT sums) {
  const Lanes d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t x = 0;
  for (; x + lanes <= width; x += lanes) {
    auto left = hn::LoadU(d, columns.all + x);
    auto right = hn::LoadU(d, columns.all + x + window - 1);
    for (std::int64_t column = 1; column < aside; ++column) {
      left = hn::Add(left, hn::LoadU(d, columns.all + x + column));
      right = hn::Add(right, hn::LoadU(d, columns.all + x + window - 1 - column));
    }
    auto sum = hn::Add(left, right);
    for (std::int64_t column = aside; column < window - aside; ++column) {
      sum = hn::Add(sum, hn::LoadU(d, columns.far + x + column));
    }
    hn::StoreU(sum, d, sums + x);
  }
  for (; x < width; ++x) {
    float sum = 0;
    for (std::int64_t column = 0; column < window; ++column) {
      sum += (column < aside || column >= window - aside ? columns.all : columns.far)[x + column];
    }
    sums[x] = sum;
  }
}

template <Of Kind>
HWY_INLINE void write_around(const float* plane, std::int64_t height, std::int64_t width, std::int64_t y, float* sums,
                             AlignedVector<float>& memory) {
  const std::int64_t length = width + 2 * around_reach;
  memory.assign(static_cast<std::size_t>(2 * length), 0.0F);
  const Columns columns{memory.data(), memory.data() + length};
  sum_columns<Kind>(plane, height, width, y, columns);
  sum_windows(columns, width, sums);
}

void write_sums_in_lanes(const float* plane, std::int64_t height, std::int64_t width, std::int64_t y, float* sums,
                         AlignedVector<float>& memory) {
  write_around<Of::values>(plane, height, width, y, sums, memory);
}

void write_counts_in_lanes(const float* plane, std::int64_t height, std::int64_t width, std::int64_t y, float* counts,
                           AlignedVector<float>& memory) {
  write_around<Of::counts>(plane, height, width, y, counts, memory);
}

}  // namespace
}  // namespace mriembed::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mriembed::kernels {

HWY_EXPORT(write_sums_in_lanes);
HWY_EXPORT(write_counts_in_lanes);

void write_sums_around(const float* plane, std::int64_t height, std::int64_t width, std::int64_t y, float* sums,
                       AlignedVector<float>& memory) {
  HWY_DYNAMIC_DISPATCH(write_sums_in_lanes)(plane, height, width, y, sums, memory);
}

void write_counts_around(const float* plane, std::int64_t height, std::int64_t width, std::int64_t y, float* counts,
                         AlignedVector<float>& memory) {
  HWY_DYNAMIC_DISPATCH(write_counts_in_lanes)(plane, height, width, y, counts, memory);
}

}  // namespace mriembed::kernels
#endif  // HWY_ONCE
