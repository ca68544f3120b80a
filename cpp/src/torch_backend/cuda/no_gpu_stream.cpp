// What stands for gpu_stream.cpp in a library that is built without MRIEMBED_CUDA.
#include <c10/core/impl/VirtualGuardImpl.h>

#include "torch_backend/cuda/gpu_stream.hpp"

namespace mriembed::cuda {

namespace {

class StreamOfPool final : public GpuStream {
 public:
  explicit StreamOfPool(c10::Device device)
      : stream_(c10::impl::VirtualGuardImpl(device.type()).getNewStream(device)) {}

  [[nodiscard]] c10::Stream get() const override { return stream_; }

 private:
  c10::Stream stream_;
};

// A template, so that it compiles with versions of torch whose guards do not tell.
template <typename Guard>
bool records(const Guard& guard, c10::Device device) {
  if constexpr (requires { guard.isStreamCapturing(guard.getStream(device)); }) {
    return guard.isStreamCapturing(guard.getStream(device));
  } else {
    return false;
  }
}

}  // namespace

std::unique_ptr<const GpuStream> make_gpu_stream(c10::Device device) {
  return std::make_unique<const StreamOfPool>(device);
}

bool is_recording(c10::Device device) { return records(c10::impl::VirtualGuardImpl(device.type()), device); }

}  // namespace mriembed::cuda
