// Sizes of new tensors that a network makes up instead of taking them from its samples: how a few bytes of code would
// take all of a machine's memory.
#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include <cstdint>
#include <optional>
#include <string>

namespace mriembed::torch_backend {

// The operation and argument of a graph (its calls inlined, without loops) whose size does not come from the samples,
// from attributes, none beyond `largest_attribute`, or from small numbers; nothing where there is none.
std::optional<std::string> made_up_size(const torch::jit::Block& block, std::int64_t largest_attribute);

}  // namespace mriembed::torch_backend
