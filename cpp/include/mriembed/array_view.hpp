// A view of an array that somebody else owns: pointer, shape, strides. C++17, header only, no torch.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace mriembed {

// Does not own: the caller keeps the memory alive and unchanged for as long as the view is used.
// Strides count elements, not bytes, and must not be negative.
template <typename T, std::size_t Rank>
struct ArrayView {
  T* data = nullptr;
  std::array<std::int64_t, Rank> shape{};
  std::array<std::int64_t, Rank> strides{};

  // Contiguous, last axis fastest (C, NumPy): shape in the order that this library documents,
  // for instance (slices, coils, y, x).
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

  // Contiguous, first axis fastest (Fortran, BART, Gadgetron's hoNDArray): shape in that array's own
  // order, for instance (x, y, coils, slices). The view's axes are the reverse of it.
  static ArrayView column_major(T* data, const std::array<std::int64_t, Rank>& shape) {
    std::array<std::int64_t, Rank> reversed{};
    for (std::size_t axis = 0; axis < Rank; ++axis) {
      reversed[axis] = shape[Rank - 1 - axis];
    }
    return row_major(data, reversed);
  }
};

}  // namespace mriembed
