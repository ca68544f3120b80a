// Refusals of what a caller hands in, before anything reads it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "mriembed/array_view.hpp"
#include "mriembed/error.hpp"

namespace mriembed {

[[noreturn]] inline void refuse_argument(const std::string& reason) {
  throw Error(ErrorCode::invalid_argument, reason);
}

template <std::size_t Rank>
std::string text_of(const std::array<std::int64_t, Rank>& lengths) {
  std::string text = "(";
  for (std::size_t axis = 0; axis < Rank; ++axis) {
    text += (axis > 0 ? ", " : "") + std::to_string(lengths[axis]);
  }
  return text + ")";
}

// Refuses views that cannot be right: no data, negative lengths or strides, or an extent beyond the address space.
template <typename T, std::size_t Rank>
void check_view(const ArrayView<T, Rank>& view, const char* name) {
  std::int64_t last = 0;
  for (std::size_t axis = 0; axis < Rank; ++axis) {
    if (view.shape[axis] < 0 || view.strides[axis] < 0) {
      refuse_argument(std::string(name) + ": shape " + text_of(view.shape) + " with strides " + text_of(view.strides) +
                      " holds a negative number");
    }
    std::int64_t extent = 0;
    if (__builtin_mul_overflow(std::max<std::int64_t>(view.shape[axis] - 1, 0), view.strides[axis], &extent) ||
        __builtin_add_overflow(last, extent, &last)) {
      refuse_argument(std::string(name) + ": shape " + text_of(view.shape) + " is larger than any memory");
    }
  }
  if (last > std::numeric_limits<std::int64_t>::max() / static_cast<std::int64_t>(sizeof(T)) - 1) {
    refuse_argument(std::string(name) + ": shape " + text_of(view.shape) + " is larger than any memory");
  }
  const bool empty = std::find(view.shape.begin(), view.shape.end(), 0) != view.shape.end();
  if (view.data == nullptr && !empty) {
    refuse_argument(std::string(name) + ": no data (null pointer)");
  }
}

inline void check_batch_shape(const std::array<std::int64_t, 4>& shape, const char* name, const char* axes) {
  if (shape[1] < 1 || shape[2] < 1 || shape[3] < 1) {
    refuse_argument(std::string(name) + ": expected " + axes + " without empty axes, got " + text_of(shape));
  }
}

}  // namespace mriembed
