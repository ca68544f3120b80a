#include "torchscript/allowed_operations.hpp"

#include <algorithm>
#include <array>

namespace mriembed::torchscript {

namespace {

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

}  // namespace

std::string operation_name(const torch::jit::Node& node) {
  const auto* schema = node.maybeSchema();
  if (schema == nullptr) {
    return node.kind().toQualString();
  }
  const auto& name = schema->operator_name();
  return name.overload_name.empty() ? name.name : name.name + "." + name.overload_name;
}

bool is_allowed_operation(std::string_view name) { return std::binary_search(allowed.begin(), allowed.end(), name); }

}  // namespace mriembed::torchscript
