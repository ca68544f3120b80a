#include "kernels/fused_network.hpp"

#include "kernels/bfloat16_stage.hpp"
#include "kernels/float32_stage.hpp"
#include "kernels/staged_network.hpp"

namespace mriembed::kernels {

std::unique_ptr<const FusedNetwork> make_fused_network(const NetworkWeights& weights, ComputeDtype compute_dtype) {
  if (compute_dtype == ComputeDtype::bfloat16) {
    return std::make_unique<const StagedNetwork<Bfloat16Stage>>(weights);
  }
  return std::make_unique<const StagedNetwork<Float32Stage>>(weights);
}

}  // namespace mriembed::kernels
