#include "torchscript/network.hpp"

#include <ATen/Parallel.h>
#include <torch/csrc/jit/passes/subgraph_rewrite.h>

#include <vector>

#include "torchscript/graph_pass.hpp"

namespace mriembed::torchscript {

namespace {

// torch lets a GPU round the inputs of float32 convolutions to TF32 by default; the only way to forbid it from
// outside is a process-wide switch. This names the choice in each convolution instead, and so touches nothing
// of the program that the library lives in. On a CPU it changes nothing.
void forbid_tf32(const torch::jit::Module& module) {
  torch::jit::SubgraphRewriter rewriter;
  rewriter.RegisterRewritePattern(
      R"(graph(%x, %weight, %bias, %stride : int[], %padding : int[], %dilation : int[], %groups):
           %y = aten::conv2d(%x, %weight, %bias, %stride, %padding, %dilation, %groups)
           return (%y))",
      R"(graph(%x, %weight, %bias, %stride : int[], %padding : int[], %dilation : int[], %groups):
           %no : bool = prim::Constant[value=0]()
           %yes : bool = prim::Constant[value=1]()
           %zero : int = prim::Constant[value=0]()
           %output_padding : int[] = prim::ListConstruct(%zero, %zero)
           %y = aten::_convolution(%x, %weight, %bias, %stride, %padding, %dilation, %no, %output_padding, %groups,
                                   %no, %no, %yes, %no)
           return (%y))");
  for (const torch::jit::Module& part : module.modules()) {
    for (const torch::jit::Method& method : part.get_methods()) {
      auto graph = method.graph();
      rewriter.runOnGraph(graph);
    }
  }
}

Prepared as_prepared(const c10::IValue& value) {
  const auto& elements = value.toTupleRef().elements();
  return {elements[0].toTensor(), elements[1].toTensor()};
}

}  // namespace

Network::Network(const Archive& archive, at::Device device, at::ScalarType dtype, bool fused_kernels)
    : module_(archive.load()) {
  if (fused_kernels && device.is_cpu() && dtype == at::kFloat) {
    if (const auto weights = recognize_network(module_)) {
      fused_ = std::make_unique<const kernels::FusedNetwork>(*weights);
    }
  }
  forbid_tf32(module_);
  module_.to(device, dtype);
}

Prepared Network::prepare_images(const at::Tensor& coil_images) const {
  return as_prepared(module_.get_method("prepare_images")({coil_images}));
}

Prepared Network::prepare_kspace(const at::Tensor& kspace, const std::optional<at::Tensor>& noise_covariance,
                                 std::optional<std::int64_t> readout_width) const {
  return as_prepared(module_.get_method("prepare_kspace")({kspace, noise_covariance, readout_width}));
}

at::Tensor Network::embed(const at::Tensor& stacked) const {
  if (fused_) {
    const at::Tensor input = stacked.to(at::kFloat).contiguous();
    at::Tensor embeddings = at::empty({input.size(0), fused_->embed_dim()}, at::kFloat);
    fused_->embed(input.const_data_ptr<float>(), input.size(0), input.size(2), input.size(3), at::get_num_threads(),
                  embeddings.mutable_data_ptr<float>());
    return embeddings;
  }
  return module_.get_method("forward")({stacked, c10::IValue()}).toTensor().to(at::kFloat);
}

}  // namespace mriembed::torchscript
