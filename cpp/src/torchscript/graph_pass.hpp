// Finds in a TorchScript module the network that the library's own kernels can run.
#pragma once

#include <torch/csrc/jit/api/module.h>

#include <optional>

#include "kernels/network_weights.hpp"

namespace mriembed::torchscript {

// The weights of the module's forward(x, normalize=None), or nothing where that is not exactly a chain of
// convolution, GroupNorm and GELU (the widths, strides and group counts are free), mean over pixels, linear layers
// and L2 norm. Leaves the module as it is. Expects it in float32 on a CPU.
std::optional<kernels::NetworkWeights> recognize_network(const torch::jit::Module& module);

}  // namespace mriembed::torchscript
