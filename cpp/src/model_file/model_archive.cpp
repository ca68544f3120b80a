#include "model_file/model_archive.hpp"

#include <bit>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <new>
#include <system_error>
#include <utility>

#include "model_file/origin.hpp"
#include "model_file/weights_digest.hpp"
#include "mriembed/error.hpp"

namespace mriembed {

namespace {

static_assert(std::endian::native == std::endian::little, "weights lie in the file as little-endian numbers");

constexpr const char* metadata_record = "extra/mriembed.json";
constexpr std::uintmax_t largest_file = std::uintmax_t{1} << 32U;  // a network of this project has megabytes

[[noreturn]] void refuse(const std::string& path, const std::string& reason) {
  throw Error(path, Error(ErrorCode::bad_model_file, reason));
}

// Runs `read`, whose refusals do not know the file's name.
template <typename Read>
auto naming(const std::string& path, const Read& read) {
  try {
    return read();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::bad_model_file) {
      refuse(path, error.what());
    }
    throw;
  }
}

std::string read_file(const std::string& path) {
  std::error_code failure;
  const std::filesystem::file_status status = std::filesystem::status(path, failure);
  if (std::filesystem::is_directory(status)) {
    refuse(path, "this is a folder; a model file (.pt) is needed");
  }
  // To open a named pipe would wait for somebody who writes to it.
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    refuse(path, "this is a pipe, socket or device; a model file (.pt) is needed");
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

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text;
  for (const std::int64_t length : shape) {
    text += (text.empty() ? "" : ",") + std::to_string(length);
  }
  return text;
}

}  // namespace

ModelArchive::ModelArchive(const std::string& path, const Trust& trust) : ModelArchive(read_file(path), path, trust) {}

ModelArchive::ModelArchive(std::string bytes, std::string path, const Trust& trust)
    : path_(std::move(path)), bytes_(std::move(bytes)) {
  naming(path_, [&] {
    Origin origin = check_origin(bytes_, trust);
    records_ = ZipArchive(std::string_view(bytes_).substr(0, origin.archive_size));
    if (!records_.holds(metadata_record)) {
      throw Error(ErrorCode::bad_model_file,
                  "a TorchScript file without mriembed.json; `mriembed export` writes model files");
    }
    metadata_ = parse_metadata(records_.stored(metadata_record));
    metadata_.info.sealed = origin.sealed;
    metadata_.info.signers = std::move(origin.signers);
  });
}

std::string_view ModelArchive::weight(const std::string& name) const {
  return naming(path_, [&] {
    const WeightDescription& weight = metadata_.network.weights.at(name);
    if (weight.dtype != "float32") {
      throw Error(ErrorCode::bad_model_file,
                  "the weights " + name + " are of type " + weight.dtype + "; model files contain float32");
    }
    const std::string_view values = records_.stored(weight.record);
    std::uint64_t bytes = sizeof(float);
    for (const std::int64_t length : weight.shape) {
      if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(length), &bytes)) {
        bytes = 0;
        break;
      }
    }
    if (values.size() != bytes) {
      throw Error(ErrorCode::bad_model_file, "its record " + weight.record + " has " + std::to_string(values.size()) +
                                                 " bytes, which are not those of the weights " + name);
    }
    return values;
  });
}

void ModelArchive::check_weights() const {
  WeightsDigest digest;
  for (const auto& [name, description] : metadata_.network.weights) {
    const std::string_view values = weight(name);
    digest.add(name, description.dtype, shape_text(description.shape), values.data(), values.size());
  }
  if (digest.hexadecimal() != metadata_.info.weights_sha256) {
    refuse(path_, "the weights are not those that mriembed.json describes (SHA-256 differs): the file is damaged");
  }
}

}  // namespace mriembed
