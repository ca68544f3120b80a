#include "torch_backend/cuda/gpu_network.hpp"

#include <ATen/ATen.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/core/Event.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <algorithm>
#include <list>
#include <mutex>
#include <vector>

#include "torch_backend/cuda/gpu_layers.hpp"

namespace mriembed::cuda {

namespace {

constexpr std::size_t shapes_kept = 4;

at::TensorOptions pinned_floats() { return at::TensorOptions(at::kFloat).pinned_memory(true); }

// The work of one shape of batch, recorded once: at batch 1 the launches of some twenty kernels, one by one, would take
// longer than the kernels.
class Recording {
 public:
  // Records on the current stream. Runs the layers before: cuDNN and cuBLAS load their kernels and take their memory
  // then, which a recording does not allow.
  Recording(const GpuLayers& layers, at::IntArrayRef shape, at::Device device, c10::cuda::CUDAStream stream)
      : shape_(shape.vec()), input_(at::zeros(shape, at::device(device).dtype(at::kFloat))) {
    for (int run = 0; run < 2; ++run) {
      static_cast<void>(layers.forward(input_));
    }
    stream.synchronize();
    // Only this thread must keep from what a recording does not allow; the host program's others do as they like.
    graph_.capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
    try {
      output_ = layers.forward(input_);
    } catch (...) {
      end_failed_capture();
      throw;
    }
    graph_.capture_end();
    host_output_ = {at::empty(output_.embeddings.sizes(), pinned_floats()),
                    at::empty(output_.peaks.sizes(), pinned_floats())};
  }

  [[nodiscard]] bool is_of(at::IntArrayRef shape) const { return shape == at::IntArrayRef(shape_); }

  // On the current stream, which is `stream`.
  [[nodiscard]] GpuResult run(const at::Tensor& stacked, c10::cuda::CUDAStream stream) {
    if (stacked.is_cuda()) {
      input_.copy_(stacked, /*non_blocking=*/true);
    } else {
      upload(stacked);
    }
    graph_.replay();
    host_output_.embeddings.copy_(output_.embeddings, /*non_blocking=*/true);
    host_output_.peaks.copy_(output_.peaks, /*non_blocking=*/true);
    stream.synchronize();
    return {host_output_.embeddings.clone(), host_output_.peaks.clone()};
  }

 private:
  void end_failed_capture() noexcept {
    try {
      graph_.capture_end();
    } catch (...) {  // it reports the failure that is already on its way
    }
  }

  // Copies to pinned memory and from there to the GPU, piece by piece: one piece travels while the next is copied.
  void upload(const at::Tensor& stacked) {
    constexpr std::int64_t piece_bytes = std::int64_t{4} << 20;
    if (!staging_.defined()) {
      staging_ = at::empty(shape_, pinned_floats());
    }
    const std::int64_t channels = shape_[1];
    const std::int64_t channel_bytes = shape_[2] * shape_[3] * static_cast<std::int64_t>(sizeof(float));
    const std::int64_t step = std::clamp<std::int64_t>(piece_bytes / channel_bytes, 1, channels);
    for (std::int64_t slice = 0; slice < shape_[0]; ++slice) {
      for (std::int64_t channel = 0; channel < channels; channel += step) {
        const std::int64_t count = std::min(step, channels - channel);
        const auto piece_of = [&](const at::Tensor& tensor) { return tensor[slice].narrow(0, channel, count); };
        piece_of(staging_).copy_(piece_of(stacked));
        piece_of(input_).copy_(piece_of(staging_), /*non_blocking=*/true);
      }
    }
  }

  std::vector<std::int64_t> shape_;
  at::Tensor input_;
  GpuResult output_;
  GpuResult host_output_;  // pinned
  at::Tensor staging_;     // pinned; once there was input from the host
  at::cuda::CUDAGraph graph_;
};

class RecordedNetwork final : public GpuNetwork {
 public:
  RecordedNetwork(const kernels::NetworkWeights& weights, at::Device device, at::ScalarType dtype)
      : device_(device),
        layers_(weights, device, dtype),
        stream_(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device.index())) {}

  [[nodiscard]] GpuResult embed(const at::Tensor& stacked) const override {
    const std::lock_guard<std::mutex> lock(mutex_);
    c10::Event ready(at::kCUDA);  // once the caller's stream has written all of `stacked`
    ready.record(c10::cuda::getCurrentCUDAStream(device_.index()));
    ready.block(stream_);
    const c10::cuda::CUDAStreamGuard on_own_stream(stream_);
    return recording_of(stacked.sizes()).run(stacked, stream_);
  }

 private:
  // The recording of this shape, which becomes the first of the list.
  Recording& recording_of(at::IntArrayRef shape) const {
    const auto found =
        std::find_if(recordings_.begin(), recordings_.end(), [&](const Recording& one) { return one.is_of(shape); });
    if (found != recordings_.end()) {
      recordings_.splice(recordings_.begin(), recordings_, found);
      return recordings_.front();
    }
    if (recordings_.size() == shapes_kept) {
      recordings_.pop_back();
    }
    return recordings_.emplace_front(layers_, shape, device_, stream_);
  }

  at::Device device_;
  GpuLayers layers_;
  c10::cuda::CUDAStream stream_;
  mutable std::mutex mutex_;
  mutable std::list<Recording> recordings_;  // the one used last comes first
};

}  // namespace

std::unique_ptr<const GpuNetwork> make_gpu_network(const kernels::NetworkWeights& weights, at::Device device,
                                                   at::ScalarType dtype) {
  if (!GpuLayers::serves(weights, dtype)) {
    return nullptr;
  }
  return std::make_unique<const RecordedNetwork>(weights, device, dtype);
}

}  // namespace mriembed::cuda
