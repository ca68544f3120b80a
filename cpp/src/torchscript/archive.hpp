// A model file in memory: a TorchScript archive that carries mriembed.json.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include <string>

#include "metadata.hpp"

namespace mriembed::torchscript {

// Reads the whole file once, so that what is checked is what is loaded. In this order: the seal and signatures before
// torch's reader sees a byte, the archive's records before its loader does, the network's operations and its agreement
// with mriembed.json before anything runs.
class Archive {
 public:
  // Throws Error, naming the file: bad_model_file, and invalid_argument where a key of `trust` cannot be read.
  Archive(std::string path, const Trust& trust);

  [[nodiscard]] const Metadata& metadata() const noexcept { return metadata_; }

  // The whole file.
  [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }

  // Loads the network to the CPU. Throws Error bad_model_file, naming the file.
  [[nodiscard]] torch::jit::Module load() const;

 private:
  std::string path_;
  std::string bytes_;
  Metadata metadata_;
};

}  // namespace mriembed::torchscript
