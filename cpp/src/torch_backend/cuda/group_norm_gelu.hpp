// GroupNorm followed by GELU on a GPU, after the bias of the convolution before it: one pass over the images that reads
// them, one that reads and writes them.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

#include "torch_backend/cuda/launch_plan.hpp"

namespace mriembed::cuda {

enum class Element { float32, bfloat16, float16 };

// Of each channel, float32, in the memory of the device.
struct Parameters {
  const float* shift = nullptr;  // added before all else: the bias of a convolution that adds none itself
  const float* weight = nullptr;
  const float* bias = nullptr;
  double epsilon = 0;
};

[[nodiscard]] constexpr int bytes_of(Element element) noexcept { return element == Element::float32 ? 4 : 2; }

// Memory of the device that a call needs beside the images. Throws std::runtime_error where CUDA fails.
[[nodiscard]] std::size_t scratch_bytes(Element element, const Batch& batch);

// Replaces `images`, in the memory of the current device, by gelu(group_norm(images + shift)), with the exact GELU;
// sums are taken in float32 and float64, whatever the elements. The batch must pass fits_a_block; `scratch` is aligned
// to 8 bytes. Queues its work on `stream` and does not wait; may be captured into a CUDA graph. Equal input gives equal
// bits. Throws std::runtime_error where CUDA refuses the work.
void group_norm_gelu(void* images, Element element, const Batch& batch, const Parameters& parameters, void* scratch,
                     cudaStream_t stream);

}  // namespace mriembed::cuda
