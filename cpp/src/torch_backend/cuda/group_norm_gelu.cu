#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <stdexcept>
#include <string>

#include "torch_backend/cuda/group_norm_gelu-inl.hpp"
#include "torch_backend/cuda/group_norm_gelu.hpp"

namespace mriembed::cuda {

namespace {

// CUDA keeps the last error of a thread until it is asked for: the host program's next question must not find ours.
void check(cudaError_t status) {
  if (status != cudaSuccess) {
    static_cast<void>(cudaGetLastError());
    throw std::runtime_error(std::string("CUDA reports: ") + cudaGetErrorString(status));
  }
}

int blocks_on_this_device(Element element, const Batch& batch) {
  int device = 0;
  int multiprocessors = 0;
  check(cudaGetDevice(&device));
  check(cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device));
  return blocks_of_an_image(bytes_of(element), batch, multiprocessors);
}

// By its own status: an error that the thread's last launch of somebody else left behind is not this one's.
template <typename... Parameter, typename... Argument>
void start(void (*kernel)(Parameter...), dim3 grid, cudaStream_t stream, Argument... arguments) {
  cudaLaunchConfig_t launch{};
  launch.gridDim = grid;
  launch.blockDim = dim3(block_threads);
  launch.stream = stream;
  check(cudaLaunchKernelEx(&launch, kernel, arguments...));
}

template <typename T, int Width>
void launch(void* images, Element element, const Batch& batch, const Parameters& parameters, void* scratch,
            cudaStream_t stream) {
  const ImageShape shape{batch.pixels, batch.channels, batch.groups};
  const int parts = blocks_on_this_device(element, batch);
  const dim3 grid(static_cast<unsigned>(batch.images), static_cast<unsigned>(parts));
  auto* values = static_cast<T*>(images);
  auto* moments = static_cast<Moments*>(scratch);
  start(moments_of_parts<T, Width>, grid, stream, values, parameters.shift, shape, moments);
  start(normalize_and_activate<T, Width>, grid, stream, values, parameters.shift, parameters.weight, parameters.bias,
        parameters.epsilon, shape, moments, parts);
}

template <typename T>
void launch_at_width(void* images, Element element, const Batch& batch, const Parameters& parameters, void* scratch,
                     cudaStream_t stream) {
  switch (channels_at_once(bytes_of(element), batch.channels, batch.groups)) {
    case 8:
      if constexpr (sizeof(T) == 2) {
        return launch<T, 8>(images, element, batch, parameters, scratch, stream);
      }
      break;
    case 4:
      return launch<T, 4>(images, element, batch, parameters, scratch, stream);
    case 2:
      return launch<T, 2>(images, element, batch, parameters, scratch, stream);
    default:
      return launch<T, 1>(images, element, batch, parameters, scratch, stream);
  }
}

}  // namespace

std::size_t scratch_bytes(Element element, const Batch& batch) {
  const auto moments = batch.images * blocks_on_this_device(element, batch) * batch.groups;
  return static_cast<std::size_t>(moments) * sizeof(Moments);
}

void group_norm_gelu(void* images, Element element, const Batch& batch, const Parameters& parameters, void* scratch,
                     cudaStream_t stream) {
  switch (element) {
    case Element::float32:
      return launch_at_width<float>(images, element, batch, parameters, scratch, stream);
    case Element::bfloat16:
      return launch_at_width<__nv_bfloat16>(images, element, batch, parameters, scratch, stream);
    case Element::float16:
      return launch_at_width<__half>(images, element, batch, parameters, scratch, stream);
  }
}

}  // namespace mriembed::cuda
