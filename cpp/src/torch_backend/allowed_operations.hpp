// The operations that a model file's network may consist of: those of the preprocessing and of
// MRIEmbeddingModel. None of them has an effect outside its results, and none repeats anything.
#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include <string>
#include <string_view>

namespace mriembed::torch_backend {

// "aten::mul.int": what the list knows a node's operation by.
std::string operation_name(const torch::jit::Node& node);

bool is_allowed_operation(std::string_view name);

}  // namespace mriembed::torch_backend
