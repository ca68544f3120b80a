// Preprocessing contract 3, and 2 where slices stay as they are, on a CPU, with the library's own kernels: the same
// numbers as the model file's scripted preprocessing within rounding, several times faster.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "mriembed/model_file.hpp"
#include "prepared.hpp"
#include "slice_preparation.hpp"

namespace mriembed {

// Both prepare functions may run in many threads at once; each call takes a workspace of its own and gives it back.
// They expect torch's state to be that of a CallScope and use as many threads as torch would. The same input and
// number of threads give the same bits.
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

  // Coil images, (slices, coils, y, x), complex64 of any strides.
  [[nodiscard]] Prepared prepare_images(const at::Tensor& coil_images) const;

  // k-space, (slices, coils, y, x), complex64 of any strides, its centre at (y / 2, x / 2). A noise covariance is
  // (coils, coils); x is cropped to `readout_width` pixels, 1 to the number of samples.
  [[nodiscard]] Prepared prepare_kspace(const at::Tensor& kspace, const std::optional<at::Tensor>& noise_covariance,
                                        std::optional<std::int64_t> readout_width) const;

 private:
  [[nodiscard]] Prepared prepare(const RawSlices& slices, const std::optional<at::Tensor>& noise_covariance) const;
  [[nodiscard]] std::unique_ptr<SliceWorkspace> take_workspace() const;
  void give_back(std::unique_ptr<SliceWorkspace> workspace) const;

  SliceContract contract_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<SliceWorkspace>> free_workspaces_;
};

}  // namespace mriembed
