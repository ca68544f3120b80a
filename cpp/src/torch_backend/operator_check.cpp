#include "torch_backend/operator_check.hpp"

#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/inliner.h>

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "mriembed/error.hpp"
#include "torch_backend/allowed_operations.hpp"

namespace mriembed::torch_backend {

namespace {

using torch::jit::Block;
using torch::jit::Function;
using torch::jit::Graph;
using torch::jit::Node;

// All of a method with what it calls. The largest of the default model's has about 600 operations.
constexpr std::int64_t most_operations = 20'000;
constexpr int deepest_calls = 64;

[[noreturn]] void refuse_method(const std::string& method, const std::string& reason) {
  throw Error(ErrorCode::bad_model_file,
              "its method " + method + " " + reason + ": the file is foreign or malicious, and was not run");
}

// The function that a node calls, nothing where it calls none or one whose code is not known.
Function* callee_of(const Node& node) {
  if (node.kind() == c10::prim::CallFunction) {
    const auto type = node.input(0)->type()->cast<c10::FunctionType>();
    return type ? type->function() : nullptr;
  }
  if (node.kind() == c10::prim::CallMethod) {
    const auto type = node.input(0)->type()->cast<c10::ClassType>();
    return type ? type->findMethod(node.s(c10::attr::name)) : nullptr;
  }
  return nullptr;
}

// Graphs are trees of blocks, as deep as the code that check_records has bounded, and types are as deep.
// NOLINTBEGIN(misc-no-recursion)

// Counts operations with all calls expanded, without expanding them: a few lines can call themselves up to any number.
class OperationCount {
 public:
  explicit OperationCount(std::string method) : method_(std::move(method)) {}

  std::int64_t of(Function& function) {
    const auto [entry, is_new] = counts_.try_emplace(&function, being_counted);
    if (!is_new) {
      if (entry->second == being_counted) {
        refuse_method(method_, "calls itself");
      }
      return entry->second;
    }
    if (!function.isGraphFunction()) {
      refuse_method(method_, "calls " + function.name() + ", which is not code of the file");
    }
    if (++depth_ > deepest_calls) {
      refuse_method(method_, "calls more methods in turn than any model's");
    }
    const std::int64_t count = of(*torch::jit::toGraphFunction(function).graph()->block());
    --depth_;
    counts_[&function] = count;
    return count;
  }

  // Adds every function that was counted: the method itself and all that it calls.
  void add_functions_to(std::unordered_set<const Function*>& functions) const {
    for (const auto& [function, count] : counts_) {
      functions.insert(function);
    }
  }

 private:
  static constexpr std::int64_t being_counted = -1;

  std::int64_t of(const Block& block) {
    std::int64_t count = 0;
    for (const Node* node : block.nodes()) {
      ++count;
      if (Function* callee = callee_of(*node)) {
        count += of(*callee);
      }
      for (const Block* inner : node->blocks()) {
        count += of(*inner);
      }
      if (count > most_operations) {
        refuse_method(method_, "has more operations than any model's");
      }
    }
    return count;
  }

  std::string method_;
  int depth_ = 0;
  std::unordered_map<Function*, std::int64_t> counts_;
};

void check_names(const std::string& method, const Block& block) {
  for (const Node* node : block.nodes()) {
    if (node->kind() == c10::prim::Loop) {
      refuse_method(method, "holds a loop (prim::Loop), which no model of mriembed needs");
    }
    const std::string name = operation_name(*node);
    if (!is_allowed_operation(name)) {
      refuse_method(method, "uses the operation " + name + ", which no model of mriembed needs");
    }
    for (const Block* inner : node->blocks()) {
      check_names(method, *inner);
    }
  }
}

// NOLINTEND(misc-no-recursion)

// Hooks run beside a method and are no part of its graph; objects other than modules have methods of their own.
void check_attributes(const torch::jit::Module& module) {
  const auto type = module.type();
  if (!type->getForwardHooks().empty() || !type->getForwardPreHooks().empty()) {
    refuse_method(type->name()->name(), "has hooks");
  }
  for (const auto& attribute : module.named_attributes(/*recurse=*/false)) {
    if ((attribute.value.isObject() && !attribute.value.isModule()) || attribute.value.isCapsule()) {
      refuse_method(type->name()->name(), "holds an object that is no module (" + attribute.name + ")");
    }
  }
}

}  // namespace

void check_operators(const torch::jit::Module& network) {
  std::unordered_set<const Function*> checked;  // with their callers: modules() begins with the network itself
  for (const torch::jit::Module& module : network.modules()) {
    check_attributes(module);
    for (const torch::jit::Method& method : module.get_methods()) {
      if (checked.contains(&method.function())) {
        continue;
      }
      OperationCount operations(method.name());
      operations.of(method.function());
      const std::shared_ptr<Graph> graph = method.graph()->copy();
      torch::jit::Inline(*graph);
      check_names(method.name(), *graph->block());
      operations.add_functions_to(checked);
    }
  }
}

}  // namespace mriembed::torch_backend
