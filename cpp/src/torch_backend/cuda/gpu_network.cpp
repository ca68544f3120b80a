#include "torch_backend/cuda/gpu_network.hpp"

#include <ATen/ATen.h>
#include <c10/core/Stream.h>
#include <c10/cuda/CUDAGuard.h>

#include <algorithm>
#include <mutex>

#include "torch_backend/cuda/gpu_layers.hpp"
#include "torch_backend/cuda/gpu_stream.hpp"

namespace mriembed::cuda {

namespace {

at::TensorOptions pinned(at::ScalarType dtype) { return at::TensorOptions(dtype).pinned_memory(true); }

// Queues the layers one by one. Recording them as a CUDA graph would save launches, but torch's recordings touch the
// state of the whole process: its random generators, its allocator, and other threads' work on the device.
class QueuedNetwork final : public GpuNetwork {
 public:
  QueuedNetwork(const kernels::NetworkWeights& weights, at::Device device, at::ScalarType dtype)
      : device_(device),
        upload_dtype_(upload_dtype(dtype)),
        stream_(make_gpu_stream(device)),
        layers_(layers_on(stream_->get(), weights, device, dtype)) {}

  [[nodiscard]] GpuResult embed(const at::Tensor& network_input) const override {
    const std::lock_guard<std::mutex> lock(mutex_);
    const c10::cuda::CUDAStreamGuard on_own_stream(stream_->get());
    const GpuResult there = layers_.forward(uploaded(network_input));
    const GpuResult here{at::empty(there.embeddings.sizes(), pinned(at::kFloat)),
                         at::empty(there.peaks.sizes(), pinned(at::kFloat))};
    here.embeddings.copy_(there.embeddings, /*non_blocking=*/true);
    here.peaks.copy_(there.peaks, /*non_blocking=*/true);
    stream_->get().synchronize();
    return here;
  }

 private:
  // The weights are on the device when this returns: later calls may come from other threads.
  static GpuLayers layers_on(const c10::Stream& stream, const kernels::NetworkWeights& weights, at::Device device,
                             at::ScalarType dtype) {
    const c10::cuda::CUDAStreamGuard on_own_stream(stream);
    GpuLayers layers(weights, device, dtype);
    stream.synchronize();
    return layers;
  }

  // Copies to pinned memory and from there to the GPU, piece by piece: one piece travels while the next is copied.
  [[nodiscard]] at::Tensor uploaded(const at::Tensor& network_input) const {
    constexpr std::int64_t piece_samples = std::int64_t{1} << 19;  // 1 or 2 MiB
    const std::int64_t count = network_input.numel();
    const at::Tensor samples = network_input.view({count});
    const at::Tensor staging = at::empty({count}, pinned(upload_dtype_));
    at::Tensor input = at::empty(network_input.sizes(), at::device(device_).dtype(upload_dtype_));
    const at::Tensor flat = input.view({count});
    for (std::int64_t first = 0; first < count; first += piece_samples) {
      const std::int64_t length = std::min(piece_samples, count - first);
      const at::Tensor piece = staging.narrow(0, first, length);
      piece.copy_(samples.narrow(0, first, length));
      flat.narrow(0, first, length).copy_(piece, /*non_blocking=*/true);
    }
    return input;
  }

  at::Device device_;
  at::ScalarType upload_dtype_;
  std::unique_ptr<const GpuStream> stream_;
  GpuLayers layers_;
  mutable std::mutex mutex_;
};

}  // namespace

std::unique_ptr<const GpuNetwork> make_gpu_network(const kernels::NetworkWeights& weights, at::Device device,
                                                   at::ScalarType dtype) {
  if (!GpuLayers::serves(weights, dtype)) {
    return nullptr;
  }
  return std::make_unique<const QueuedNetwork>(weights, device, dtype);
}

}  // namespace mriembed::cuda
