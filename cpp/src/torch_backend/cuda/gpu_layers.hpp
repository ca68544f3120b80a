// The network's layers on a GPU.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "torch_backend/cuda/gpu_network.hpp"
#include "torch_backend/cuda/group_norm_gelu.hpp"

namespace mriembed::cuda {

class GpuLayers {
 public:
  // The weights must pass serves().
  GpuLayers(const kernels::NetworkWeights& weights, at::Device device, at::ScalarType dtype);

  // Whether the kernel runs at the weights' numbers of channels.
  [[nodiscard]] static bool serves(const kernels::NetworkWeights& weights, at::ScalarType dtype);

  // Queues all work on the current stream of the device and does not wait for it. `network_input` is (slices, 2 x
  // coils, H, W), float32 or upload_dtype(), on the device, as the result is, which is float32.
  [[nodiscard]] GpuResult forward(const at::Tensor& network_input) const;

 private:
  struct Stage {
    at::Tensor weight;  // (out, in, 3, 3), channels last, of dtype_
    at::Tensor bias;    // float32, as all of GroupNorm
    at::Tensor norm_weight;
    at::Tensor norm_bias;
    std::int64_t stride;
    int groups;
    double epsilon;
    bool pools;  // halves its output by the mean of 2 x 2 pixels
  };
  struct Linear {
    at::Tensor weight;  // float64, as all of the head: no GPU rounds a product of it to TF32
    at::Tensor bias;
  };

  [[nodiscard]] at::Tensor run(const Stage& stage, const at::Tensor& images) const;

  at::ScalarType dtype_;
  std::vector<Stage> stages_;
  std::vector<Linear> head_;
  bool normalize_;
};

}  // namespace mriembed::cuda
