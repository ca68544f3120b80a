#include "torchscript/graph_pass.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/constant_propagation.h>
#include <torch/csrc/jit/passes/freeze_module.h>

#include <array>
#include <cstdint>
#include <exception>
#include <string_view>
#include <vector>

namespace mriembed::torchscript {

namespace {

using torch::jit::Node;
using torch::jit::Value;

// Thrown and caught in this file only: what stands there is not the network that the kernels run.
struct NotRecognized : std::exception {};

void demand(bool condition) {
  if (!condition) {
    throw NotRecognized();
  }
}

bool is(const Node& node, std::string_view kind) { return std::string_view(node.kind().toQualString()) == kind; }

c10::IValue constant(const Node& node, std::size_t input) {
  const auto value = torch::jit::toIValue(node.inputs().at(input));
  demand(value.has_value());
  return *value;
}

std::vector<float> numbers(const c10::IValue& value, const std::vector<std::int64_t>& shape) {
  demand(value.isTensor());
  const at::Tensor tensor = value.toTensor().to(at::kFloat).contiguous();
  demand(tensor.sizes() == at::IntArrayRef(shape));
  return {tensor.const_data_ptr<float>(), tensor.const_data_ptr<float>() + tensor.numel()};
}

bool equals(const c10::IValue& value, std::array<std::int64_t, 2> expected) {
  return value.isIntList() && value.toIntVector() == std::vector<std::int64_t>(expected.begin(), expected.end());
}

// Walks the top level of a graph from its input to its result.
class Chain {
 public:
  explicit Chain(const torch::jit::Graph& graph) : current_(graph.inputs().at(1)) {
    for (const Node* node : graph.nodes()) {
      if (!node->outputs().empty() && node->output(0)->type()->kind() == c10::TypeKind::TensorType &&
          !is(*node, "prim::Constant")) {
        operations_.push_back(node);
      }
    }
  }

  // The next operation, where it is of this kind and reads the result of the one before.
  const Node* next(std::string_view kind) {
    if (position_ == operations_.size() || !is(*operations_[position_], kind)) {
      return nullptr;
    }
    const Node* node = operations_[position_++];
    demand(is(*node, "prim::If") || node->inputs().at(0) == current_);
    before_ = current_;
    current_ = node->output(0);
    return node;
  }

  const Node& expect(std::string_view kind) {
    const Node* node = next(kind);
    demand(node != nullptr);
    return *node;
  }

  [[nodiscard]] const Value* current() const { return current_; }
  [[nodiscard]] const Value* before() const { return before_; }

 private:
  std::vector<const Node*> operations_;
  std::size_t position_ = 0;
  const Value* current_;
  const Value* before_ = nullptr;
};

kernels::StageWeights stage(const Node& convolution, Chain& chain) {
  kernels::StageWeights weights;
  const c10::IValue kernel = constant(convolution, 1);
  demand(kernel.isTensor() && kernel.toTensor().dim() == 4);
  weights.out_channels = kernel.toTensor().size(0);
  weights.in_channels = kernel.toTensor().size(1);
  weights.weight = numbers(kernel, {weights.out_channels, weights.in_channels, 3, 3});
  weights.bias = numbers(constant(convolution, 2), {weights.out_channels});
  weights.stride = equals(constant(convolution, 3), {2, 2}) ? 2 : 1;
  demand(weights.stride == 2 || equals(constant(convolution, 3), {1, 1}));
  demand(equals(constant(convolution, 4), {1, 1}));
  demand(equals(constant(convolution, 5), {1, 1}));
  demand(constant(convolution, 6).toInt() == 1);

  const Node& norm = chain.expect("aten::group_norm");
  weights.groups = constant(norm, 1).toInt();
  weights.norm_weight = numbers(constant(norm, 2), {weights.out_channels});
  weights.norm_bias = numbers(constant(norm, 3), {weights.out_channels});
  weights.epsilon = constant(norm, 4).toDouble();
  demand(constant(chain.expect("aten::gelu"), 1).toStringRef() == "none");
  if (const Node* dropout = chain.next("aten::dropout")) {
    demand(!constant(*dropout, 2).toBool());  // not in training: it does nothing
  }
  return weights;
}

kernels::LinearWeights linear(const Node& node) {
  kernels::LinearWeights weights;
  const c10::IValue matrix = constant(node, 1);
  demand(matrix.isTensor() && matrix.toTensor().dim() == 2);
  weights.out_features = matrix.toTensor().size(0);
  weights.in_features = matrix.toTensor().size(1);
  weights.weight = numbers(matrix, {weights.out_features, weights.in_features});
  weights.bias = numbers(constant(node, 2), {weights.out_features});
  return weights;
}

// The branch that ends the graph: `embedding` divided by its norm, or as it is. Says which is taken.
bool normalizes(const Node& branch, const Value* embedding) {
  const auto blocks = branch.blocks();
  demand(blocks.size() == 2 && blocks[1]->outputs().at(0) == embedding);
  std::vector<std::string_view> kinds;
  for (const Node* node : blocks[0]->nodes()) {
    kinds.emplace_back(node->kind().toQualString());
  }
  const std::vector<std::string_view> normalization{"prim::dtype", "aten::eq",        "prim::If",        "prim::If",
                                                    "aten::norm",  "aten::clamp_min", "aten::expand_as", "aten::div"};
  std::erase(kinds, "prim::Constant");
  demand(kinds == normalization);

  // normalize is None: the constructor's choice.
  const Node* choice = branch.input(0)->node();
  demand(is(*choice, "prim::If"));
  const auto chosen = torch::jit::toIValue(choice->blocks().at(0)->outputs().at(0));
  demand(chosen.has_value() && chosen->isBool());
  return chosen->toBool();
}

kernels::NetworkWeights weights_of(const torch::jit::Graph& graph) {
  kernels::NetworkWeights weights;
  Chain chain(graph);
  chain.expect("aten::to");
  while (const Node* convolution = chain.next("aten::conv2d")) {
    weights.stages.push_back(stage(*convolution, chain));
    demand(weights.stages.size() == 1 ||
           weights.stages[weights.stages.size() - 2].out_channels == weights.stages.back().in_channels);
  }
  demand(!weights.stages.empty());
  const Node& mean = chain.expect("aten::mean");
  demand(equals(constant(mean, 1), {2, 3}) && !constant(mean, 2).toBool());
  weights.head.push_back(linear(chain.expect("aten::linear")));
  if (const Node* activation = chain.next("aten::gelu")) {
    demand(constant(*activation, 1).toStringRef() == "none");
    weights.head.push_back(linear(chain.expect("aten::linear")));
  }
  const Node& branch = chain.expect("prim::If");
  weights.normalize = normalizes(branch, chain.before());
  demand(graph.outputs().at(0) == chain.current());
  return weights;
}

}  // namespace

std::optional<kernels::NetworkWeights> recognize_network(const torch::jit::Module& module) {
  try {
    const torch::jit::Module frozen = torch::jit::freeze_module(module.clone());
    auto graph = frozen.get_method("forward").graph();
    torch::jit::ConstantPropagation(graph);
    return weights_of(*graph);
  } catch (const std::exception&) {  // NotRecognized; or freezing refuses, or a constant is of another type
    return std::nullopt;
  }
}

}  // namespace mriembed::torchscript
