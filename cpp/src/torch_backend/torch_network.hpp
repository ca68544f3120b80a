// The network of a model file on torch: its TorchScript module, or on a GPU the library's own kernels.
#pragma once

#include <memory>

#include "network/torch_interface.hpp"

namespace mriembed::torch_backend {

// See TorchInterface.
std::unique_ptr<const Network> load_torch_network(const TorchRequest& request);

}  // namespace mriembed::torch_backend
