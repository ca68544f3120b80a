// The preprocessing (docs/preprocessing.md), with the library's own kernels: the same numbers as the scripted
// preprocessing of model files within rounding, several times faster.
#pragma once

#include <complex>
#include <cstdint>
#include <memory>

#include "mriembed/array_view.hpp"
#include "mriembed/embedder.hpp"
#include "mriembed/model_file.hpp"
#include "preprocessing/arriving_slice.hpp"
#include "preprocessing/network_input.hpp"
#include "preprocessing/slice_preprocessor.hpp"
#include "threads/executor.hpp"
#include "threads/recycled.hpp"

namespace mriembed {

// Both functions may run in many threads at once; each call takes a workspace of its own and gives it back. The
// same slice gives the same bits, whatever the executor and the other slices are.
//
// Both throw Error bad_input with the texts of preprocessing.py: slices that are all zero, hold NaN or infinity or
// are empty inside the cropped readout, and covariances that are not positive definite. Shapes and options are the
// caller's to check.
class Preprocessor {
 public:
  explicit Preprocessor(const ModelInfo& info);

  // Coil images, (slices, coils, y, x), of square pixels.
  [[nodiscard]] NetworkInput preprocess_images(const ArrayView<const std::complex<float>, 4>& coil_images,
                                               const threads::Executor& executor) const;

  // k-space, (slices, coils, y, x), its centre at (y / 2, x / 2).
  [[nodiscard]] NetworkInput preprocess_kspace(const ArrayView<const std::complex<float>, 4>& kspace,
                                               const KspaceOptions& options, const threads::Executor& executor) const;

  // For k-space of one slice, row-major, whose lines arrive one by one, with `lacks_lines` as ArrivingSlice has it;
  // null where slices of this model are preprocessed as a whole. Throws Error bad_input for a covariance that is not
  // positive definite. Must not outlive this.
  [[nodiscard]] std::unique_ptr<ArrivingSlice> arriving(const ArrayView<const std::complex<float>, 4>& kspace,
                                                        const KspaceOptions& options, bool lacks_lines,
                                                        const threads::Executor& executor) const;
  // What it is written to.
  [[nodiscard]] NetworkInput room_for(std::int64_t count, const ArrayView<const std::complex<float>, 4>& kspace,
                                      const KspaceOptions& options) const;

 private:
  [[nodiscard]] NetworkInput room_for(std::int64_t count, const RawSlices& slices) const;
  [[nodiscard]] NetworkInput preprocess(const RawSlices& slices,
                                        const ArrayView<const std::complex<double>, 2>& noise_covariance,
                                        const threads::Executor& executor) const;

  SliceRequest request_;
  mutable threads::Recycled<SliceWorkspace> free_workspaces_;
};

}  // namespace mriembed
