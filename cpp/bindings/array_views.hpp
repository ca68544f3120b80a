// NumPy arrays as libmriembed sees them.
#pragma once

#include <pybind11/numpy.h>

#include <cstddef>
#include <string>

#include "mriembed/array_view.hpp"
#include "mriembed/error.hpp"

namespace mriembed::bindings {

// A view over a NumPy array's memory, strides included. The array outlives the call that uses it.
template <typename T, std::size_t Rank>
ArrayView<const T, Rank> view_of(const pybind11::array_t<T>& array, const char* name) {
  if (static_cast<std::size_t>(array.ndim()) != Rank) {
    throw Error(ErrorCode::invalid_argument, std::string(name) + ": expected " + std::to_string(Rank) +
                                                 " dimensions, got " + std::to_string(array.ndim()));
  }
  ArrayView<const T, Rank> view;
  view.data = array.data();
  for (std::size_t axis = 0; axis < Rank; ++axis) {
    view.shape[axis] = array.shape(static_cast<pybind11::ssize_t>(axis));
    view.strides[axis] =
        array.strides(static_cast<pybind11::ssize_t>(axis)) / static_cast<pybind11::ssize_t>(sizeof(T));
  }
  return view;
}

}  // namespace mriembed::bindings
