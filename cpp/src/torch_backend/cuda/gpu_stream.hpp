// The stream on which the library works on a GPU.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/Stream.h>

#include <memory>

namespace mriembed::cuda {

// A stream that waits for none of the host program's work. In a library that is built without MRIEMBED_CUDA it is one
// of torch's pool, which is shared: the program's 33rd stream is this one.
class GpuStream {
 public:
  GpuStream() = default;
  virtual ~GpuStream() = default;
  GpuStream(const GpuStream&) = delete;
  GpuStream& operator=(const GpuStream&) = delete;

  [[nodiscard]] virtual c10::Stream get() const = 0;
};

std::unique_ptr<const GpuStream> make_gpu_stream(c10::Device device);

// Whether the calling thread records a CUDA graph on its stream of this GPU. A library that is built without
// MRIEMBED_CUDA can tell where torch's guards do (2.13 does); otherwise this is false.
bool is_recording(c10::Device device);

}  // namespace mriembed::cuda
