// A model file in memory: a TorchScript archive that carries mriembed.json.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include <string>

#include "metadata.hpp"

namespace mriembed::torchscript {

// Reads the whole file once, so that what is checked is what is loaded.
class Archive {
 public:
  // Throws Error bad_model_file, naming the file.
  explicit Archive(std::string path);

  [[nodiscard]] const Metadata& metadata() const noexcept { return metadata_; }

  // Loads the network to the CPU and compares its weights with the digest in mriembed.json.
  // Throws Error bad_model_file, naming the file.
  [[nodiscard]] torch::jit::Module load() const;

 private:
  std::string path_;
  std::string bytes_;
  Metadata metadata_;
};

}  // namespace mriembed::torchscript
