#include "torch_backend/size_bounds.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <unordered_map>

#include "torch_backend/allowed_operations.hpp"

namespace mriembed::torch_backend {

namespace {

using torch::jit::Block;
using torch::jit::Node;
using torch::jit::Value;

// The largest size that numbers of the file may lead to, where it does not come from the samples.
constexpr std::int64_t largest_size = 1 << 16;
constexpr std::int64_t widest_padding = 64;
constexpr std::int64_t unbounded = std::numeric_limits<std::int64_t>::max();

// Graphs are trees of blocks, as deep as the code that check_records has bounded, and types are as deep.
// NOLINTBEGIN(misc-no-recursion)

// Bounds of the whole numbers of a graph as multiples of the samples' own sizes, to find sizes that the file makes up.
class SizeBounds {
 public:
  explicit SizeBounds(std::int64_t largest_attribute) : largest_attribute_(largest_attribute) {}

  std::optional<std::string> made_up_size(const Block& block) {
    for (const Node* node : block.nodes()) {
      std::optional<std::string> found = made_up_argument(*node);
      for (const Block* inner : node->blocks()) {
        found = found ? found : made_up_size(*inner);
      }
      if (found) {
        return found;
      }
      bound_outputs(*node);
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] std::optional<std::string> made_up_argument(const Node& node) const {
    const auto* schema = node.maybeSchema();
    if (schema == nullptr) {
      return std::nullopt;
    }
    for (std::size_t index = 0; index < schema->arguments().size(); ++index) {
      const std::string& name = schema->arguments()[index].name();
      const bool is_size =
          name == "size" || name == "n" || name == "m" || (name == "end" && node.kind() == c10::aten::arange);
      const std::int64_t most = is_size ? largest_size : name == "padding" ? widest_padding : unbounded;
      if (of(*node.input(index)) > most) {
        return operation_name(node) + ", its argument " + name;
      }
    }
    return std::nullopt;
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
    const std::string name = operation_name(node);
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

  std::int64_t largest_attribute_;
  std::int64_t written_to_lists_ = 1;
  std::unordered_map<const Value*, std::int64_t> bounds_;
};

// NOLINTEND(misc-no-recursion)

}  // namespace

std::optional<std::string> made_up_size(const Block& block, std::int64_t largest_attribute) {
  return SizeBounds(largest_attribute).made_up_size(block);
}

}  // namespace mriembed::torch_backend
