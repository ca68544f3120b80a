// Preprocessing version 4 (docs/preprocessing.md) on a CPU, with the library's own kernels: the same numbers as the
// model file's scripted preprocessing within rounding, several times faster.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

#include "mriembed/model_file.hpp"
#include "prepared.hpp"
#include "slice_preparation.hpp"
#include "threads/executor.hpp"
#include "threads/recycled.hpp"

namespace mriembed {

// Both prepare functions may run in many threads at once; each call takes a workspace of its own and gives it back.
// They expect torch's state to be that of a CallScope with SerialTorch. The same slice gives the same bits, whatever
// the executor and the other slices are.
//
// Both throw Error bad_input with the texts of preprocessing.py: slices that are all zero, hold NaN or infinity or
// are empty inside the cropped readout, and covariances that are not positive definite. Shapes are the caller's to
// check.
class Preparation {
 public:
  // Whether this is what a model file asks for; what is not runs scripted.
  static bool serves(const ModelInfo& info);

  // Expects serves(info).
  explicit Preparation(const ModelInfo& info);

  // Coil images, (slices, coils, y, x), complex64 of any strides, of square pixels.
  [[nodiscard]] Prepared prepare_images(const at::Tensor& coil_images, const threads::Executor& executor) const;

  // k-space, (slices, coils, y, x), complex64 of any strides, its centre at (y / 2, x / 2). A noise covariance is
  // (coils, coils).
  [[nodiscard]] Prepared prepare_kspace(const at::Tensor& kspace, const std::optional<at::Tensor>& noise_covariance,
                                        const SliceExtent& extent, const threads::Executor& executor) const;

 private:
  [[nodiscard]] Prepared prepare(const RawSlices& slices, const std::optional<at::Tensor>& noise_covariance,
                                 const threads::Executor& executor) const;

  SliceRequest request_;
  mutable threads::Recycled<SliceWorkspace> free_workspaces_;
};

}  // namespace mriembed
