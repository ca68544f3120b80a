// K-space whose missing lines are filled in, for preprocessing that knows nothing of missing lines: that of model
// files, which runs on GPUs and where the library's own does not serve.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

#include "prepared.hpp"
#include "threads/executor.hpp"

namespace mriembed {

// Completes (slices, coils, y, x) complex64 on the CPU as SlicePreparation does: the virtual coils are completed, and
// what is new in them becomes what the coils would have to hold for it. Returns `kspace` itself where nothing is to be
// filled. `whitening` and `num_coils` as compress_coils() takes them, `compress` false for coils that stay as they are.
at::Tensor completed_kspace(const at::Tensor& kspace, const std::optional<at::Tensor>& noise_covariance,
                            const SliceExtent& extent, std::int64_t num_coils, bool compress,
                            const threads::Executor& executor);

}  // namespace mriembed
