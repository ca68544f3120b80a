#include "torch_backend/torch_network.hpp"

#include <ATen/ATen.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/passes/subgraph_rewrite.h>
#include <torch/cuda.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "mriembed/error.hpp"
#include "torch_backend/call_scope.hpp"
#include "torch_backend/cuda/gpu_network.hpp"
#include "torch_backend/cuda/gpu_stream.hpp"
#include "torch_backend/forked_child.hpp"
#include "torch_backend/scripted_module.hpp"
#include "torch_backend/serial_torch.hpp"
#include "torch_backend/translate_errors.hpp"

namespace mriembed::torch_backend {

namespace {

// Expects a name that libmriembed knows.
at::Device device_named(const std::string& name) {
  if (name == "cpu") {
    return {at::kCPU};
  }
  const std::size_t colon = name.find(':');
  const int index = colon == std::string::npos ? 0 : std::stoi(name.substr(colon + 1));
  const auto available = torch::cuda::device_count();
  if (available == 0) {
    throw Error(ErrorCode::device_not_available,
                "device \"" + name + "\" is not available: torch finds no usable GPU on this machine; use \"cpu\"");
  }
  if (std::cmp_greater_equal(index, available)) {
    throw Error(
        ErrorCode::device_not_available,
        "device \"" + name + "\" is not available: this machine has cuda:0 to cuda:" + std::to_string(available - 1));
  }
  return {at::kCUDA, static_cast<c10::DeviceIndex>(index)};
}

// CUDA serves the process that began with it, and no child that this one forks.
void refuse_gpu_of_parent() {
  static std::atomic<pid_t> process_of_gpu = 0;  // a child inherits it
  pid_t none = 0;
  const pid_t here = getpid();
  if (!process_of_gpu.compare_exchange_strong(none, here) && process_of_gpu != here) {
    throw Error(ErrorCode::device_not_available,
                "a forked child cannot use the GPU that its parent uses; start it as a program of its own (in Python: "
                "the start method \"spawn\") and load the model there");
  }
}

at::ScalarType dtype_of(Precision precision) {
  return precision == Precision::float32 ? at::kFloat : precision == Precision::float16 ? at::kHalf : at::kBFloat16;
}

void rewrite(std::shared_ptr<torch::jit::Graph>& graph, const std::string& pattern, const std::string& replacement) {
  torch::jit::SubgraphRewriter rewriter;
  rewriter.RegisterRewritePattern(pattern, replacement);
  rewriter.runOnGraph(graph);
}

// torch lets a GPU round the inputs of float32 convolutions and products to TF32 where the host program allows it, and
// only process-wide switches forbid that from outside. This names the choice in each convolution instead, and computes
// each linear layer in float64, of which no hardware has a coarser form. It touches nothing of the program that the
// library lives in.
void forbid_tf32(std::shared_ptr<torch::jit::Graph>& graph) {
  rewrite(graph,
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
  rewrite(graph,
          R"(graph(%x, %weight, %bias):
               %y = aten::linear(%x, %weight, %bias)
               return (%y))",
          R"(graph(%x, %weight, %bias):
               %no : bool = prim::Constant[value=0]()
               %none : NoneType = prim::Constant()
               %float64 : int = prim::Constant[value=7]()
               %x_in_float64 : Tensor = aten::to(%x, %float64, %no, %no, %none)
               %weight_in_float64 : Tensor = aten::to(%weight, %float64, %no, %no, %none)
               %bias_in_float64 : Tensor = aten::to(%bias, %float64, %no, %no, %none)
               %y_in_float64 : Tensor = aten::linear(%x_in_float64, %weight_in_float64, %bias_in_float64)
               %dtype : int = prim::dtype(%x)
               %y : Tensor = aten::to(%y_in_float64, %dtype, %no, %no, %none)
               return (%y))");
}
static_assert(static_cast<int>(at::kDouble) == 7);

// The network's method `forward` with all that it calls, without TF32. A graph of its own: torch keeps compiled copies
// of methods, into which a change of the method itself does not reach.
std::unique_ptr<torch::jit::GraphFunction> forward_without_tf32(const torch::jit::Module& module) {
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);  // of the thread, in the copies
  const torch::jit::Method method = module.get_method("forward");
  std::shared_ptr<torch::jit::Graph> graph = method.graph()->copy();
  torch::jit::Inline(*graph);
  forbid_tf32(graph);
  auto forward = std::make_unique<torch::jit::GraphFunction>("forward_without_tf32", graph, nullptr);
  forward->setSchema(method.function().getSchema());  // which calls are checked against
  return forward;
}

// The first convolution's input and output are the largest arrays of the network. torch keeps the input in two layouts
// and the output three times, before and after GroupNorm and GELU. The library's kernels on a GPU take no more.
std::int64_t bytes_of_a_pixel(const torch::jit::Module& module) {
  for (const auto& weight : module.named_parameters()) {
    if (weight.value.dim() == 4) {
      const std::int64_t in_channels = weight.value.size(1);
      const std::int64_t out_channels = weight.value.size(0);
      return (2 * in_channels + 3 * out_channels) * static_cast<std::int64_t>(sizeof(float));
    }
  }
  return 1;
}

class TorchNetwork final : public Network {
 public:
  TorchNetwork(torch::jit::Module module, at::Device device, const TorchRequest& request)
      : module_(std::move(module)),
        device_(device),
        precision_(request.precision),
        threads_(request.threads),
        channels_(request.archive.metadata().info.in_channels) {
    if (request.weights != nullptr && device.is_cuda()) {
      gpu_ = cuda::make_gpu_network(*request.weights, device, dtype_of(precision_));
    }
    pixel_bytes_ = bytes_of_a_pixel(module_);
    forward_ = forward_without_tf32(module_);
    if (device.is_cuda()) {
      stream_ = cuda::make_gpu_stream(device);
    }
    const std::optional<c10::Stream> stream = own_stream();
    const c10::OptionalStreamGuard on_own_stream(stream);
    module_.to(device, dtype_of(precision_));
    if (stream) {
      stream->synchronize();  // later calls may come from other threads
    }
  }

  [[nodiscard]] bool native() const noexcept override { return gpu_ != nullptr; }
  [[nodiscard]] Precision compute_dtype() const noexcept override { return precision_; }
  [[nodiscard]] std::int64_t pixel_bytes() const noexcept override { return pixel_bytes_; }

  void reserve(std::int64_t /*slices*/, std::int64_t /*height*/, std::int64_t /*width*/,
               const threads::Executor& /*executor*/) const override {}  // torch's allocator keeps what it took

  // On torch's threads, whatever the executor is.
  void embed(const float* network_input, std::int64_t slices, std::int64_t height, std::int64_t width,
             const threads::Executor& /*executor*/, float* embeddings, float* peaks) const override {
    translating_errors([&] {
      if (device_.is_cuda()) {
        refuse_gpu_of_parent();
        refuse_recording();
      }
      const CallScope scope(device_, is_forked_child() ? 1 : threads_);
      // torch only reads through it; its interface has no const.
      const at::Tensor input =
          at::from_blob(const_cast<float*>(network_input), {slices, channels_, height, width}, at::kFloat);
      const cuda::GpuResult result = gpu_ ? gpu_->embed(input) : run(input);
      std::copy_n(result.embeddings.const_data_ptr<float>(), result.embeddings.numel(), embeddings);
      std::copy_n(result.peaks.const_data_ptr<float>(), slices, peaks);
    });
  }

 private:
  // Memory that is taken and results that are waited for would break the graph.
  void refuse_recording() const {
    if (cuda::is_recording(device_)) {
      throw Error(ErrorCode::invalid_argument,
                  "the calling thread records a CUDA graph, which embedding would break; embed outside of it");
    }
  }

  [[nodiscard]] std::optional<c10::Stream> own_stream() const {
    return stream_ ? std::optional(stream_->get()) : std::nullopt;
  }

  [[nodiscard]] cuda::GpuResult run(const at::Tensor& network_input) const {
    const c10::OptionalStreamGuard on_own_stream(own_stream());
    const at::Tensor input = uploaded(network_input);
    const at::Tensor peaks = input.abs().flatten(1).amax(1);  // NaN wins over every number
    const at::Tensor rows = (*forward_)({module_._ivalue(), input, c10::IValue()}).toTensor();
    return {rows.to(at::kCPU, at::kFloat).contiguous(), peaks.to(at::kCPU, at::kFloat)};
  }

  [[nodiscard]] at::Tensor uploaded(const at::Tensor& network_input) const {
    const at::ScalarType dtype = cuda::upload_dtype(dtype_of(precision_));
    if (!device_.is_cuda()) {
      return network_input.to(dtype);
    }
    at::Tensor staging = at::empty(network_input.sizes(), at::TensorOptions(dtype).pinned_memory(true));
    staging.copy_(network_input);
    return staging.to(device_, /*non_blocking=*/true);
  }

  torch::jit::Module module_;
  std::unique_ptr<torch::jit::GraphFunction> forward_;  // of module_
  at::Device device_;
  std::unique_ptr<const cuda::GpuStream> stream_;  // on a GPU
  Precision precision_;
  int threads_;
  std::int64_t channels_;
  std::unique_ptr<const cuda::GpuNetwork> gpu_;
  std::int64_t pixel_bytes_ = 0;
};

}  // namespace

std::unique_ptr<const Network> load_torch_network(const TorchRequest& request) {
  return translating_errors([&]() -> std::unique_ptr<const Network> {
    const at::Device device = device_named(request.device);
    if (device.is_cuda()) {
      refuse_gpu_of_parent();
    }
    std::optional<SerialTorch> serial;
    if (is_forked_child()) {
      serial.emplace();
    }
    return std::make_unique<const TorchNetwork>(load_scripted_module(request.archive), device, request);
  });
}

}  // namespace mriembed::torch_backend
