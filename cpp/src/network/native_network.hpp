// The network on a CPU, on the library's own kernels.
#pragma once

#include <memory>
#include <optional>

#include "kernels/network_weights.hpp"
#include "model_file/model_archive.hpp"
#include "network/network.hpp"

namespace mriembed {

// The weights of the described network, in the order of its layers; nothing where the kernels do not know a layer, or
// layers in this order. Throws Error bad_model_file, naming the file, where the archive does not hold them.
std::optional<kernels::NetworkWeights> native_weights(const ModelArchive& archive);

// In float32 or bfloat16; the latter is computed in float32 where that is faster on this processor, which is more exact
// as well.
std::unique_ptr<const Network> make_native_network(const kernels::NetworkWeights& weights, Precision precision);

}  // namespace mriembed
