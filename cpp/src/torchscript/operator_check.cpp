#include "torchscript/operator_check.hpp"

#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/inliner.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "mriembed/error.hpp"

namespace mriembed::torchscript {

namespace {

using torch::jit::Block;
using torch::jit::Function;
using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;

// Sorted. An overload's name is part of an operation: aten::mul.left_t would repeat a list.
constexpr auto allowed = std::to_array<std::string_view>({
    "aten::Bool.Tensor",
    "aten::Float.Scalar",
    "aten::Int.Scalar",
    "aten::__and__.Tensor",
    "aten::__is__",
    "aten::__isnot__",
    "aten::__not__",
    "aten::_set_item.t",
    "aten::abs",
    "aten::add.Tensor",
    "aten::all",
    "aten::amax",
    "aten::append.t",
    "aten::bitwise_not",
    "aten::cat",
    "aten::clamp",
    "aten::clamp_min",
    "aten::clamp_min_",
    "aten::conj",
    "aten::contiguous",
    "aten::conv2d",
    "aten::copy_",
    "aten::diagonal",
    "aten::dim",
    "aten::div.Tensor",
    "aten::div.float",
    "aten::div.out",
    "aten::dropout",
    "aten::dropout_",
    "aten::eq.Scalar",
    "aten::eq.int",
    "aten::eq.str",
    "aten::expand_as",
    "aten::eye",
    "aten::fft_fft",
    "aten::fft_fftshift",
    "aten::fft_ifft",
    "aten::fft_ifftshift",
    "aten::flatten.using_ints",
    "aten::flip",
    "aten::floordiv.int",
    "aten::format",
    "aten::ge.int",
    "aten::gelu",
    "aten::group_norm",
    "aten::gt.Scalar",
    "aten::gt.float",
    "aten::gt.int",
    "aten::is_complex",
    "aten::is_floating_point",
    "aten::isfinite",
    "aten::item",
    "aten::linalg_cholesky_ex",
    "aten::linalg_eigh",
    "aten::linalg_solve_triangular",
    "aten::linear",
    "aten::list.t",
    "aten::lt.float",
    "aten::lt.int",
    "aten::mH",
    "aten::matmul",
    "aten::mean",
    "aten::mean.dim",
    "aten::mul.Scalar",
    "aten::mul.Tensor",
    "aten::mul.int",
    "aten::narrow",
    "aten::ne.Scalar",
    "aten::ne.int",
    "aten::ne.str",
    "aten::nonzero",
    "aten::norm.ScalarOpt_dim",
    "aten::ones",
    "aten::ones_like",
    "aten::pow.float",
    "aten::real",
    "aten::relu",
    "aten::reshape",
    "aten::resolve_conj",
    "aten::select.int",
    "aten::silu",
    "aten::size",
    "aten::size.int",
    "aten::slice.Tensor",
    "aten::sqrt",
    "aten::square",
    "aten::sub.Tensor",
    "aten::sub.int",
    "aten::sum.dim_IntList",
    "aten::to.dtype",
    "aten::to.prim_Device",
    "aten::view_as_complex",
    "aten::view_as_real",
    "aten::where.self",
    "aten::zeros",
    "prim::Constant",
    "prim::DictConstruct",
    "prim::GetAttr",
    "prim::If",
    "prim::ListConstruct",
    "prim::ListUnpack",
    "prim::RaiseException",
    "prim::TupleConstruct",
    "prim::TupleIndex",
    "prim::TupleUnpack",
    "prim::device",
    "prim::dtype",
    "prim::max.int",
    "prim::min.int",
    "prim::unchecked_cast",
});

// All of a method with what it calls. The largest of the default model's has about 600 operations.
constexpr std::int64_t most_operations = 20'000;
constexpr int deepest_calls = 64;
// The largest size that numbers of the file may lead to, where it does not come from the samples.
constexpr std::int64_t largest_size = 1 << 16;
constexpr std::int64_t widest_padding = 64;
constexpr std::int64_t unbounded = std::numeric_limits<std::int64_t>::max();

[[noreturn]] void refuse(const std::string& method, const std::string& reason) {
  throw Error(ErrorCode::bad_model_file,
              "its method " + method + " " + reason + ": the file is foreign or malicious, and was not run");
}

std::string name_of(const Node& node) {
  const auto* schema = node.maybeSchema();
  if (schema == nullptr) {
    return node.kind().toQualString();
  }
  const auto& name = schema->operator_name();
  return name.overload_name.empty() ? name.name : name.name + "." + name.overload_name;
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
        refuse(method_, "calls itself");
      }
      return entry->second;
    }
    if (!function.isGraphFunction()) {
      refuse(method_, "calls " + function.name() + ", which is not code of the file");
    }
    if (++depth_ > deepest_calls) {
      refuse(method_, "calls more methods in turn than any model's");
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
        refuse(method_, "has more operations than any model's");
      }
    }
    return count;
  }

  std::string method_;
  int depth_ = 0;
  std::unordered_map<Function*, std::int64_t> counts_;
};

// Bounds of the whole numbers of a graph as multiples of the samples' own sizes, to find sizes that the file makes up.
class SizeBounds {
 public:
  SizeBounds(std::string method, std::int64_t largest_attribute)
      : method_(std::move(method)), largest_attribute_(largest_attribute) {}

  void check(const Block& block) {
    for (const Node* node : block.nodes()) {
      check_arguments(*node);
      for (const Block* inner : node->blocks()) {
        check(*inner);
      }
      bound_outputs(*node);
    }
  }

 private:
  void check_arguments(const Node& node) const {
    const auto* schema = node.maybeSchema();
    if (schema == nullptr) {
      return;
    }
    for (std::size_t index = 0; index < schema->arguments().size(); ++index) {
      const std::string& name = schema->arguments()[index].name();
      const bool is_size = name == "size" || name == "n" || name == "m";
      const std::int64_t most = is_size ? largest_size : name == "padding" ? widest_padding : unbounded;
      if (of(*node.input(index)) > most) {
        refuse(method_, "makes up the size of a tensor itself (" + name_of(node) + ", its argument " + name + ")");
      }
    }
  }

  // Tensors and texts count as 1: only whole numbers, and lists and tuples of them, matter.
  [[nodiscard]] std::int64_t of(const Value& value) const {
    const auto found = bounds_.find(&value);
    const bool may_change = value.type()->kind() == c10::TypeKind::ListType && !is_fixed_list(value);
    return std::max(found != bounds_.end() ? found->second : 1, may_change ? written_to_lists_ : 1);
  }

  // A list that stands in the code and that nothing writes to or gives another name.
  static bool is_fixed_list(const Value& value) {
    const c10::Symbol kind = value.node()->kind();
    return (kind == c10::prim::ListConstruct || kind == c10::prim::Constant) &&
           std::all_of(value.uses().begin(), value.uses().end(), [](const torch::jit::Use& use) {
             return use.user->kind().is_aten() && use.user->kind() != c10::aten::append &&
                    use.user->kind() != c10::aten::_set_item;
           });
  }

  [[nodiscard]] std::int64_t largest_input(const Node& node) const {
    std::int64_t largest = 0;
    for (const Value* input : node.inputs()) {
      largest = std::max(largest, of(*input));
    }
    return largest;
  }

  static std::int64_t of_constant(const Node& node) {
    const auto value = torch::jit::toIValue(node.output());
    if (!value) {
      return 1;
    }
    const auto magnitude = [](std::int64_t number) {
      return number == std::numeric_limits<std::int64_t>::min() ? unbounded : std::abs(number);
    };
    if (value->isInt()) {
      return magnitude(value->toInt());
    }
    if (value->isDouble() || value->isComplexDouble()) {
      return unbounded;
    }
    if (value->isIntList()) {
      std::int64_t largest = 1;
      for (const std::int64_t number : value->toIntVector()) {
        largest = std::max(largest, magnitude(number));
      }
      return largest;
    }
    return 1;
  }

  static std::int64_t product(std::int64_t left, std::int64_t right) {
    std::int64_t result = 0;
    return __builtin_mul_overflow(left, right, &result) ? unbounded : result;
  }

  static std::int64_t sum(std::int64_t left, std::int64_t right) {
    std::int64_t result = 0;
    return __builtin_add_overflow(left, right, &result) ? unbounded : result;
  }

  // A whole number, or something that whole numbers can be in or come from.
  static bool is_numeric(const c10::Type& type) {
    if (type.kind() == c10::TypeKind::TensorType) {
      return false;
    }
    if (type.containedTypes().empty()) {
      return type.kind() == c10::TypeKind::IntType || type.kind() == c10::TypeKind::FloatType ||
             type.kind() == c10::TypeKind::NumberType || type.kind() == c10::TypeKind::ComplexType ||
             type.kind() == c10::TypeKind::AnyType;
    }
    const auto contained = type.containedTypes();
    return std::any_of(contained.begin(), contained.end(), [](const auto& inner) { return is_numeric(*inner); });
  }

  std::int64_t bound_of_output(const Node& node, const std::string& name) {
    static constexpr std::array from_samples{"aten::size", "aten::size.int", "aten::dim", "prim::dtype",
                                             "prim::device"};
    static constexpr std::array passed_on{"aten::list.t",         "aten::append.t",      "aten::_set_item.t",
                                          "aten::floordiv.int",   "prim::ListConstruct", "prim::ListUnpack",
                                          "prim::TupleConstruct", "prim::TupleIndex",    "prim::TupleUnpack",
                                          "prim::max.int",        "prim::min.int",       "prim::unchecked_cast"};
    if (name == "prim::Constant") {
      return of_constant(node);
    }
    if (name == "prim::GetAttr") {
      return largest_attribute_;
    }
    if (std::find(from_samples.begin(), from_samples.end(), name) != from_samples.end()) {
      return 1;
    }
    if (std::find(passed_on.begin(), passed_on.end(), name) != passed_on.end()) {
      return largest_input(node);
    }
    if (name == "aten::mul.int") {
      return product(of(*node.input(0)), of(*node.input(1)));
    }
    if (name == "aten::sub.int") {
      return sum(of(*node.input(0)), of(*node.input(1)));
    }
    return unbounded;  // from the values of a tensor, for instance
  }

  void bound_outputs(const Node& node) {
    const std::string name = name_of(node);
    if (name == "aten::append.t" || name == "aten::_set_item.t") {
      written_to_lists_ = std::max(written_to_lists_, largest_input(node));  // to whichever list, by whatever name
    }
    for (std::size_t index = 0; index < node.outputs().size(); ++index) {
      const Value& output = *node.output(index);
      if (!is_numeric(*output.type())) {
        continue;
      }
      std::int64_t bound = 0;
      if (name == "prim::If") {
        for (const Block* branch : node.blocks()) {
          bound = std::max(bound, of(*branch->outputs()[index]));
        }
      } else {
        bound = bound_of_output(node, name);
      }
      bounds_[&output] = bound;
    }
  }

  std::string method_;
  std::int64_t largest_attribute_;
  std::int64_t written_to_lists_ = 1;
  std::unordered_map<const Value*, std::int64_t> bounds_;
};

void check_names(const std::string& method, const Block& block) {
  for (const Node* node : block.nodes()) {
    if (node->kind() == c10::prim::Loop) {
      refuse(method, "holds a loop (prim::Loop), which no model of mriembed needs");
    }
    const std::string name = name_of(*node);
    if (!std::binary_search(allowed.begin(), allowed.end(), name)) {
      refuse(method, "uses the operation " + name + ", which no model of mriembed needs");
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
    refuse(type->name()->name(), "has hooks");
  }
  for (const auto& attribute : module.named_attributes(/*recurse=*/false)) {
    if ((attribute.value.isObject() && !attribute.value.isModule()) || attribute.value.isCapsule()) {
      refuse(type->name()->name(), "holds an object that is no module (" + attribute.name + ")");
    }
  }
}

std::int64_t largest_attribute_of(const torch::jit::Module& network) {
  std::int64_t largest = 1;
  for (const torch::jit::Module& module : network.modules()) {
    for (const auto& attribute : module.named_attributes(/*recurse=*/false)) {
      if (attribute.value.isInt()) {
        largest = std::max(largest, attribute.value.toInt());
      }
      if (attribute.value.isIntList()) {
        for (const std::int64_t number : attribute.value.toIntVector()) {
          largest = std::max(largest, number);
        }
      }
    }
  }
  return largest;
}

}  // namespace

void check_operators(const torch::jit::Module& network) {
  const std::int64_t largest_attribute = largest_attribute_of(network);
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
      SizeBounds(method.name(), largest_attribute).check(*graph->block());
      operations.add_functions_to(checked);
    }
  }
}

}  // namespace mriembed::torchscript
