#include "torchscript/archive.hpp"

#include <caffe2/serialize/inline_container.h>
#include <torch/csrc/jit/serialization/import.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "mriembed/error.hpp"
#include "origin.hpp"
#include "torchscript/archive_records.hpp"
#include "torchscript/contract_check.hpp"
#include "torchscript/operator_check.hpp"
#include "torchscript/translate_errors.hpp"
#include "weights_digest.hpp"

namespace mriembed::torchscript {

namespace {

constexpr const char* metadata_record = "extra/mriembed.json";
constexpr std::uintmax_t largest_file = std::uintmax_t{1} << 32U;  // a network of this project has megabytes

[[noreturn]] void refuse(const std::string& path, const std::string& reason) {
  throw Error(ErrorCode::bad_model_file, path + ": " + reason);
}

std::string read_file(const std::string& path) {
  std::error_code failure;
  if (std::filesystem::is_directory(path, failure)) {
    refuse(path, "this is a folder; a model file (.pt) is needed");
  }
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    refuse(path, "cannot be opened: " + std::generic_category().message(errno));
  }
  const std::uintmax_t size = std::filesystem::file_size(path, failure);
  if (failure) {
    refuse(path, "cannot be read: " + failure.message());
  }
  if (size == 0) {
    refuse(path, "the file is empty; `mriembed export` writes a model file");
  }
  if (size > largest_file) {
    refuse(path, "the file is larger than any model file (4 GiB)");
  }
  std::string bytes(static_cast<std::size_t>(size), '\0');
  if (!stream.read(bytes.data(), static_cast<std::streamsize>(size))) {
    refuse(path, "cannot be read to its end");
  }
  return bytes;
}

Metadata read_metadata(const std::string& path, const std::string& bytes, const Trust& trust) {
  try {
    const Origin origin = check_origin(bytes, trust);
    std::istringstream stream(bytes);
    caffe2::serialize::PyTorchStreamReader reader(&stream);
    if (!reader.hasRecord(metadata_record)) {
      throw Error(ErrorCode::bad_model_file,
                  "a TorchScript file without mriembed.json; `mriembed export` writes model files");
    }
    check_records(reader);
    const auto [data, size] = reader.getRecord(metadata_record);
    Metadata metadata = parse_metadata({static_cast<const char*>(data.get()), size});
    metadata.info.sealed = origin.sealed;
    metadata.info.signers = origin.signers;
    return metadata;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::bad_model_file) {
      refuse(path, error.what());
    }
    throw;
  } catch (const std::bad_alloc&) {
    rethrow_as_error();
  } catch (const std::exception&) {
    refuse(path, "this is no model file, or a damaged one; `mriembed export` writes model files");
  }
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
      shape += (shape.empty() ? "" : ",") + std::to_string(length);
    }
    digest.add(name, dtype_name(values.scalar_type()), shape, values.const_data_ptr(), values.nbytes());
  }
  return digest.hexadecimal();
}

}  // namespace

Archive::Archive(std::string path, const Trust& trust)
    : path_(std::move(path)), bytes_(read_file(path_)), metadata_(read_metadata(path_, bytes_, trust)) {}

torch::jit::Module Archive::load() const {
  try {
    std::istringstream stream(bytes_);
    torch::jit::Module network = torch::jit::load(stream, at::Device(at::kCPU), /*load_debug_files=*/false);
    check_operators(network);
    check_contract(network, metadata_);
    network.eval();
    if (digest_of_weights(network) != metadata_.info.weights_sha256) {
      throw Error(ErrorCode::bad_model_file,
                  "the weights are not those that mriembed.json describes (SHA-256 differs): the file is damaged");
    }
    return network;
  } catch (const Error& error) {
    refuse(path_, error.what());
  } catch (const std::bad_alloc&) {
    rethrow_as_error();
  } catch (const std::exception&) {
    refuse(path_, "the network in it cannot be loaded: the file is damaged, or written by a newer torch");
  }
}

}  // namespace mriembed::torchscript
