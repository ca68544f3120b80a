// What stands for gpu_network.cpp in a library that is built without MRIEMBED_CUDA.
#include "torch_backend/cuda/gpu_network.hpp"

namespace mriembed::cuda {

std::unique_ptr<const GpuNetwork> make_gpu_network(const kernels::NetworkWeights& /*weights*/, at::Device /*device*/,
                                                   at::ScalarType /*dtype*/) {
  return nullptr;
}

}  // namespace mriembed::cuda
