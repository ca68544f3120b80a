// The loaded network: runs the methods of the TorchScript module of a model file.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "cuda/gpu_network.hpp"
#include "kernels/fused_network.hpp"
#include "prepared.hpp"
#include "threads/executor.hpp"
#include "torchscript/archive.hpp"

namespace mriembed::torchscript {

// Const functions may run in many threads at once. They expect to be called inside a CallScope and let
// torch's exceptions through.
class Network {
 public:
  // Loads to `device` and converts the weights to `dtype`. With `fused_kernels`, the network runs on the library's own
  // kernels where they know it: on a CPU, where bfloat16 is computed in float32 if that is faster on this processor,
  // and on a GPU where the library was built with MRIEMBED_CUDA. Throws Error bad_model_file.
  Network(const Archive& archive, at::Device device, at::ScalarType dtype, bool fused_kernels);

  [[nodiscard]] bool fused() const noexcept { return fused_ != nullptr || gpu_ != nullptr; }

  // Whether embed() runs on the library's own kernels on a CPU, and so on its executor.
  [[nodiscard]] bool fused_on_cpu() const noexcept { return fused_ != nullptr; }

  // What the network computes in: the constructor's, or float32 instead of bfloat16.
  [[nodiscard]] at::ScalarType dtype() const noexcept { return dtype_; }

  // Memory that the network's own results take for each pixel of a slice in work, about.
  [[nodiscard]] std::int64_t pixel_bytes() const noexcept { return pixel_bytes_; }

  // Takes the memory that so many slices of this size will need, where the library's own kernels run.
  void reserve(std::int64_t slices, std::int64_t height, std::int64_t width, const threads::Executor& executor) const;

  [[nodiscard]] Prepared prepare_images(const at::Tensor& coil_images) const;
  // Throws Error invalid_argument where the file's preprocessing knows no such extent.
  [[nodiscard]] Prepared prepare_kspace(const at::Tensor& kspace, const std::optional<at::Tensor>& noise_covariance,
                                        const SliceExtent& extent) const;
  // (slices, 2 x coils, H, W), float32, on any device, to (slices, embed_dim), float32, on the CPU. Throws Error
  // bad_input, which names the slice, where one is all zero or holds NaN or infinite samples. The library's own kernels
  // run on `executor`, torch's on its threads.
  [[nodiscard]] at::Tensor embed(const at::Tensor& stacked, const threads::Executor& executor) const;

 private:
  torch::jit::Module module_;
  at::Device device_;
  std::unique_ptr<const kernels::FusedNetwork> fused_;  // on a CPU
  std::unique_ptr<const cuda::GpuNetwork> gpu_;         // on a GPU
  at::ScalarType dtype_;
  std::int64_t pixel_bytes_ = 0;
};

}  // namespace mriembed::torchscript
