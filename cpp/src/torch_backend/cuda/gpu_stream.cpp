#include "torch_backend/cuda/gpu_stream.hpp"

#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGraphsC10Utils.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>

namespace mriembed::cuda {

namespace {

class OwnStream final : public GpuStream {
 public:
  explicit OwnStream(c10::Device device) : device_(device.index()) {
    const c10::cuda::CUDAGuard on_device(device_);
    C10_CUDA_CHECK(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
  }
  ~OwnStream() override {
    if (cudaStreamDestroy(stream_) != cudaSuccess) {
      static_cast<void>(cudaGetLastError());  // the program is ending; nobody else is to be told of it
    }
  }
  OwnStream(const OwnStream&) = delete;
  OwnStream& operator=(const OwnStream&) = delete;

  [[nodiscard]] c10::Stream get() const override { return c10::cuda::getStreamFromExternal(stream_, device_); }

 private:
  c10::DeviceIndex device_;
  cudaStream_t stream_ = nullptr;
};

}  // namespace

std::unique_ptr<const GpuStream> make_gpu_stream(c10::Device device) {
  return std::make_unique<const OwnStream>(device);
}

bool is_recording(c10::Device device) {
  const c10::cuda::CUDAGuard on_device(device);
  return c10::cuda::currentStreamCaptureStatusMayInitCtx() != c10::cuda::CaptureStatus::None;
}

}  // namespace mriembed::cuda
