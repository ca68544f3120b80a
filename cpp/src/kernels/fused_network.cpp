#include "kernels/fused_network.hpp"

#include "kernels/float32_stage.hpp"
#include "kernels/staged_network.hpp"

namespace mriembed::kernels {

bool is_supported(Arithmetic arithmetic) { return arithmetic == Arithmetic::float32; }

std::unique_ptr<const FusedNetwork> make_fused_network(const NetworkWeights& weights, Arithmetic /*arithmetic*/) {
  return std::make_unique<const StagedNetwork<Float32Stage>>(weights);
}

}  // namespace mriembed::kernels
