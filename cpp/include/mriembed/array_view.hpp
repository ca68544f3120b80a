/// @file
/// A view of an array that the caller owns: pointer, shape, strides. C++17, header only, no torch.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace mriembed {

/// A view does not own its array: the caller keeps the memory alive and unchanged while the view is used.
template <typename T, std::size_t Rank>
struct ArrayView {
  T* data = nullptr;                         ///< the first element
  std::array<std::int64_t, Rank> shape{};    ///< elements along each axis
  std::array<std::int64_t, Rank> strides{};  ///< elements (not bytes) from one index to the next; not negative

  /// Contiguous, last axis fastest (C, NumPy): shape in the order that this library documents,
  /// for instance (slices, coils, y, x).
  static ArrayView row_major(T* data, const std::array<std::int64_t, Rank>& shape) {
    ArrayView view;
    view.data = data;
    view.shape = shape;
    std::int64_t stride = 1;
    for (std::size_t axis = Rank; axis-- > 0;) {
      view.strides[axis] = stride;
      stride *= shape[axis];
    }
    return view;
  }

  /// Contiguous, first axis fastest (Fortran, BART, Gadgetron's hoNDArray): shape in that array's own
  /// order, for instance (x, y, coils, slices). The view has the axes in reverse order.
  static ArrayView column_major(T* data, const std::array<std::int64_t, Rank>& shape) {
    std::array<std::int64_t, Rank> reversed{};
    for (std::size_t axis = 0; axis < Rank; ++axis) {
      reversed[axis] = shape[Rank - 1 - axis];
    }
    return row_major(data, reversed);
  }
};

}  // namespace mriembed
