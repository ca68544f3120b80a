// The network on a GPU, where the library was built with MRIEMBED_CUDA=ON: convolutions by cuDNN, all that follows one
// by a kernel of the library, on a stream of its own.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "kernels/network_weights.hpp"

namespace mriembed::cuda {

// What slices travel to the device in: bfloat16 where the network rounds them to it there, which halves the way. Not
// float16, in which large samples become infinite before their peak has been seen.
[[nodiscard]] constexpr at::ScalarType upload_dtype(at::ScalarType of_network) noexcept {
  return of_network == at::kBFloat16 ? at::kBFloat16 : at::kFloat;
}

// Of a batch of slices.
struct GpuResult {
  at::Tensor embeddings;  // (slices, embed_dim), float32
  at::Tensor peaks;       // (slices), float32: each slice's largest magnitude, NaN or infinity where a sample is
};

// Calls may come from many threads at once; one waits for the other. Expects to be called inside a CallScope and lets
// torch's exceptions through.
class GpuNetwork {
 public:
  GpuNetwork() = default;
  virtual ~GpuNetwork() = default;
  GpuNetwork(const GpuNetwork&) = delete;
  GpuNetwork& operator=(const GpuNetwork&) = delete;

  // `network_input` is (slices, 2 x coils, H, W), float32, contiguous, in the host's memory, as the result is. Expects
  // that the calling thread records no CUDA graph.
  [[nodiscard]] virtual GpuResult embed(const at::Tensor& network_input) const = 0;
};

// Weights and activations are of `dtype`; sums of GroupNorm and all after the last stage are float32. Nothing where the
// library was built without MRIEMBED_CUDA, or where the kernel does not serve the network's numbers of channels.
std::unique_ptr<const GpuNetwork> make_gpu_network(const kernels::NetworkWeights& weights, at::Device device,
                                                   at::ScalarType dtype);

}  // namespace mriembed::cuda
