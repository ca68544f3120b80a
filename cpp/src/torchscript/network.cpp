#include "torchscript/network.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/jit/passes/subgraph_rewrite.h>

#include <cmath>
#include <string>
#include <vector>

#include "kernels/bfloat16_processor.hpp"
#include "mriembed/error.hpp"
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

// Which arithmetic of the kernels stands for a network in `dtype`, where one does. Who asks for bfloat16 asks for
// speed: where float32 is faster it is taken, which is more exact as well.
std::optional<kernels::Arithmetic> arithmetic_of(at::ScalarType dtype) {
  if (dtype == at::kFloat) {
    return kernels::Arithmetic::float32;
  }
  if (dtype == at::kBFloat16) {
    return kernels::bfloat16_pays() ? kernels::Arithmetic::bfloat16 : kernels::Arithmetic::float32;
  }
  return std::nullopt;
}

void check_peaks(const at::Tensor& peaks) {
  const auto peak = peaks.accessor<float, 1>();
  for (std::int64_t slice = 0; slice < peaks.size(0); ++slice) {
    if (!std::isfinite(peak[slice])) {
      throw Error(ErrorCode::bad_input, slice, "holds NaN or infinite samples; only finite samples can be embedded");
    }
    if (peak[slice] == 0) {
      throw Error(ErrorCode::bad_input, slice, "is all zero; a slice needs signal to be embedded");
    }
  }
}

// The first convolution's input and output are the largest arrays of the network. torch keeps the input in two layouts
// and the output three times, before and after GroupNorm and GELU. The library's kernels keep the output, and that of
// the next convolution, a quarter of it or less; those on a GPU the input in two layouts as well, and what they took
// before a shape was recorded stays with torch's allocator.
std::int64_t bytes_of_a_pixel(const torch::jit::Module& module, bool fused_on_cpu, bool fused_on_gpu) {
  for (const auto& weight : module.named_parameters()) {
    if (weight.value.dim() == 4) {
      const std::int64_t in_channels = weight.value.size(1);
      const std::int64_t out_channels = weight.value.size(0);
      const std::int64_t floats = fused_on_cpu   ? in_channels + 2 * out_channels
                                  : fused_on_gpu ? 4 * in_channels + 3 * out_channels
                                                 : 2 * in_channels + 3 * out_channels;
      return floats * static_cast<std::int64_t>(sizeof(float));
    }
  }
  return 1;
}

Prepared as_prepared(const c10::IValue& value) {
  const auto& elements = value.toTupleRef().elements();
  return {elements[0].toTensor(), elements[1].toTensor()};
}

}  // namespace

Network::Network(const Archive& archive, at::Device device, at::ScalarType dtype, bool fused_kernels)
    : module_(archive.load()), device_(device), dtype_(dtype) {
  if (const auto weights = fused_kernels ? recognize_network(module_) : std::nullopt) {
    if (const auto arithmetic = arithmetic_of(dtype); device.is_cpu() && arithmetic) {
      fused_ = kernels::make_fused_network(*weights, *arithmetic);
      dtype_ = *arithmetic == kernels::Arithmetic::float32 ? at::kFloat : dtype;
    } else if (device.is_cuda()) {
      gpu_ = cuda::make_gpu_network(*weights, device, dtype);
    }
  }
  pixel_bytes_ = bytes_of_a_pixel(module_, fused_ != nullptr, gpu_ != nullptr);
  forbid_tf32(module_);
  module_.to(device, dtype);
}

Prepared Network::prepare_images(const at::Tensor& coil_images) const {
  return as_prepared(module_.get_method("prepare_images")({coil_images}));
}

Prepared Network::prepare_kspace(const at::Tensor& kspace, const std::optional<at::Tensor>& noise_covariance,
                                 const SliceExtent& extent) const {
  const auto method = module_.get_method("prepare_kspace");
  if (!extent.beyond_readout_width()) {
    return as_prepared(method({kspace, noise_covariance, extent.readout_width}));
  }
  constexpr std::size_t arguments = 6;  // the module itself is the first
  if (method.function().getSchema().arguments().size() < arguments) {
    throw Error(ErrorCode::invalid_argument,
                "this model file was exported before preprocessing could crop y or take pixels that are not square; "
                "export it again, or use the library's own kernels on a CPU");
  }
  const GridSize square = square_field_of_view(extent.phase_height.value_or(kspace.size(2)),
                                               extent.readout_width.value_or(kspace.size(3)), extent.pixel_aspect);
  return as_prepared(method({kspace, noise_covariance, extent.readout_width, extent.phase_height,
                             c10::ivalue::Tuple::create(square.height, square.width)}));
}

void Network::reserve(std::int64_t slices, std::int64_t height, std::int64_t width,
                      const threads::Executor& executor) const {
  if (fused_) {
    fused_->reserve(slices, height, width, executor.threads());
  }
}

at::Tensor Network::embed(const at::Tensor& stacked, const threads::Executor& executor) const {
  if (fused_) {
    const at::Tensor input = stacked.to(at::kFloat).contiguous();
    at::Tensor embeddings = at::empty({input.size(0), fused_->embed_dim()}, at::kFloat);
    at::Tensor peaks = at::empty({input.size(0)}, at::kFloat);
    fused_->embed(input.const_data_ptr<float>(), input.size(0), input.size(2), input.size(3), executor,
                  embeddings.mutable_data_ptr<float>(), peaks.mutable_data_ptr<float>());
    check_peaks(peaks);
    return embeddings;
  }
  if (gpu_) {
    const cuda::GpuResult result = gpu_->embed(stacked);
    check_peaks(result.peaks);
    return result.embeddings;
  }
  const at::Tensor input = stacked.to(device_);
  check_peaks(input.abs().flatten(1).amax(1).cpu());  // NaN wins over every number
  return module_.get_method("forward")({input, c10::IValue()}).toTensor().to(at::kCPU, at::kFloat);
}

}  // namespace mriembed::torchscript
