#include "torch_backend/cuda/gpu_layers.hpp"

#include <ATen/ATen.h>
#include <c10/cuda/CUDAStream.h>

#include <algorithm>
#include <cmath>

namespace mriembed::cuda {

namespace {

Element element_of(at::ScalarType dtype) {
  return dtype == at::kFloat ? Element::float32 : dtype == at::kHalf ? Element::float16 : Element::bfloat16;
}

// `values` as a tensor on the device.
at::Tensor uploaded(const std::vector<float>& values, at::IntArrayRef shape, at::Device device) {
  const at::Tensor over = at::from_blob(const_cast<float*>(values.data()), shape, at::kFloat);
  return over.to(device, at::kFloat, /*non_blocking=*/false, /*copy=*/true);
}

at::Tensor uploaded(const std::vector<float>& values, at::Device device) {
  return uploaded(values, {static_cast<std::int64_t>(values.size())}, device);
}

}  // namespace

GpuLayers::GpuLayers(const kernels::NetworkWeights& weights, at::Device device, at::ScalarType dtype)
    : dtype_(dtype), normalize_(weights.normalize) {
  for (const kernels::StageWeights& stage : weights.stages) {
    const at::Tensor kernel = uploaded(stage.weight, {stage.out_channels, stage.in_channels, 3, 3}, device);
    stages_.push_back({kernel.to(dtype).contiguous(at::MemoryFormat::ChannelsLast), uploaded(stage.bias, device),
                       uploaded(stage.norm_weight, device), uploaded(stage.norm_bias, device), stage.stride,
                       static_cast<int>(stage.groups), stage.epsilon, stage.pools});
  }
  for (const kernels::LinearWeights& linear : weights.head) {
    const at::Tensor weight = uploaded(linear.weight, {linear.out_features, linear.in_features}, device);
    head_.push_back({weight.to(at::kDouble), uploaded(linear.bias, device).to(at::kDouble)});
  }
}

bool GpuLayers::serves(const kernels::NetworkWeights& weights, at::ScalarType dtype) {
  return std::all_of(weights.stages.begin(), weights.stages.end(), [&](const kernels::StageWeights& stage) {
    return fits_a_block(bytes_of(element_of(dtype)), static_cast<int>(stage.out_channels),
                        static_cast<int>(stage.groups));
  });
}

GpuResult GpuLayers::forward(const at::Tensor& network_input) const {
  const at::Tensor peaks =
      at::linalg_vector_norm(network_input.flatten(1), HUGE_VAL, at::IntArrayRef{1}, /*keepdim=*/false, at::kFloat);
  at::Tensor images = network_input.to(network_input.options().dtype(dtype_), /*non_blocking=*/false, /*copy=*/false,
                                       at::MemoryFormat::ChannelsLast);
  for (const Stage& stage : stages_) {
    images = run(stage, images);
    if (stage.pools) {
      images = at::avg_pool2d(images, {2, 2}, {2, 2}, {0, 0}, /*ceil_mode=*/true);
    }
  }
  at::Tensor embeddings = at::mean(images, {2, 3}, /*keepdim=*/false, at::kFloat).to(at::kDouble);
  for (std::size_t layer = 0; layer < head_.size(); ++layer) {
    if (layer > 0) {
      embeddings = at::gelu(embeddings);
    }
    embeddings = at::linear(embeddings, head_[layer].weight, head_[layer].bias);
  }
  if (normalize_) {
    constexpr double smallest_norm = 1e-12;  // as torch.nn.functional.normalize
    embeddings = embeddings /
                 at::linalg_vector_norm(embeddings, 2, at::IntArrayRef{1}, /*keepdim=*/true).clamp_min(smallest_norm);
  }
  return {embeddings.to(at::kFloat), peaks};
}

at::Tensor GpuLayers::run(const Stage& stage, const at::Tensor& images) const {
  // Without TF32, which would round float32 input to 10 bits, and without cuDNN's timing of its algorithms, so that
  // every run gives the same bits.
  at::Tensor output =
      at::_convolution(images, stage.weight, /*bias=*/std::nullopt, {stage.stride, stage.stride}, {1, 1}, {1, 1},
                       /*transposed=*/false, {0, 0}, /*groups=*/1, /*benchmark=*/false, /*deterministic=*/true,
                       /*cudnn_enabled=*/true, /*allow_tf32=*/false)
          .contiguous(at::MemoryFormat::ChannelsLast);
  const Batch batch{output.size(0), output.size(2) * output.size(3), static_cast<int>(output.size(1)), stage.groups};
  const Element element = element_of(dtype_);
  const at::Tensor scratch =
      at::empty({static_cast<std::int64_t>(scratch_bytes(element, batch))}, output.options().dtype(at::kByte));
  const Parameters parameters{stage.bias.const_data_ptr<float>(), stage.norm_weight.const_data_ptr<float>(),
                              stage.norm_bias.const_data_ptr<float>(), stage.epsilon};
  group_norm_gelu(output.mutable_data_ptr(), element, batch, parameters, scratch.mutable_data_ptr(),
                  c10::cuda::getCurrentCUDAStream(output.device().index()));
  return output;
}

}  // namespace mriembed::cuda
