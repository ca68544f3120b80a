#include "torch_backend/scripted_module.hpp"

#include <ATen/core/Tensor.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <caffe2/serialize/inline_container.h>
#include <torch/csrc/jit/serialization/import.h>

#include <map>
#include <sstream>
#include <string>

#include "model_file/weights_digest.hpp"
#include "mriembed/error.hpp"
#include "torch_backend/archive_records.hpp"
#include "torch_backend/description_check.hpp"
#include "torch_backend/operator_check.hpp"
#include "torch_backend/translate_errors.hpp"

namespace mriembed::torch_backend {

namespace {

[[noreturn]] void refuse_file(const std::string& path, const std::string& reason) {
  throw Error(path, Error(ErrorCode::bad_model_file, reason));
}

std::string dtype_name(at::ScalarType dtype) {
  switch (dtype) {
    case at::kFloat:
      return "float32";
    case at::kDouble:
      return "float64";
    case at::kHalf:
      return "float16";
    case at::kBFloat16:
      return "bfloat16";
    default:
      throw Error(ErrorCode::bad_model_file, "weights of type " + std::string(c10::toString(dtype)));
  }
}

// A few bytes can stand for a tensor of any size: strides of 0 repeat them.
void check_storage(const std::string& name, const at::Tensor& tensor) {
  if (tensor.layout() != at::kStrided || !tensor.has_storage() || tensor.nbytes() > tensor.storage().nbytes()) {
    throw Error(ErrorCode::bad_model_file, "its weights " + name + " are larger than what the file holds of them");
  }
}

std::string digest_of_weights(const torch::jit::Module& network) {
  std::map<std::string, at::Tensor> weights;
  for (const auto& weight : network.named_parameters()) {
    weights.emplace(weight.name, weight.value);
  }
  for (const auto& buffer : network.named_buffers()) {
    weights.emplace(buffer.name, buffer.value);
  }
  WeightsDigest digest;
  for (const auto& [name, weight] : weights) {
    check_storage(name, weight);
    const at::Tensor values = weight.detach().cpu().contiguous();
    std::string shape;
    for (const std::int64_t length : values.sizes()) {
      shape += shape.empty() ? "" : ",";
      shape += std::to_string(length);
    }
    digest.add(name, dtype_name(values.scalar_type()), shape, values.const_data_ptr(), values.nbytes());
  }
  return digest.hexadecimal();
}

// Runs `work` with the file's name in what it throws; what torch's reader throws says little.
template <typename Work>
auto reading(const std::string& path, const char* otherwise, const Work& work) {
  try {
    return work();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::bad_model_file) {
      refuse_file(path, error.what());
    }
    throw;
  } catch (const std::bad_alloc&) {
    rethrow_as_error();
  } catch (const std::exception&) {
    refuse_file(path, otherwise);
  }
}

}  // namespace

torch::jit::Module load_scripted_module(const ModelArchive& archive) {
  // Where the calling thread autocasts, torch would write its conversions into the graphs that are checked here.
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
  reading(archive.path(), "this is not a TorchScript archive, or it is damaged; `mriembed export` writes model files",
          [&] {
            std::istringstream stream(archive.bytes());
            caffe2::serialize::PyTorchStreamReader reader(&stream);
            check_records(reader);
          });
  return reading(
      archive.path(), "the network in it cannot be loaded: the file is damaged, or written by a newer torch", [&] {
        std::istringstream stream(archive.bytes());
        torch::jit::Module network = torch::jit::load(stream, at::Device(at::kCPU), /*load_debug_files=*/false);
        check_operators(network);
        check_description(network, archive.metadata());
        network.eval();
        if (digest_of_weights(network) != archive.metadata().info.weights_sha256) {
          throw Error(ErrorCode::bad_model_file,
                      "the weights are not those that mriembed.json describes (SHA-256 differs): the file "
                      "is damaged");
        }
        return network;
      });
}

}  // namespace mriembed::torch_backend
