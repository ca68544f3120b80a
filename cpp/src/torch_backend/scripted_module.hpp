// The TorchScript module inside a model file.
#pragma once

#include <torch/csrc/jit/api/module.h>

#include "model_file/model_archive.hpp"

namespace mriembed::torch_backend {

// Loads it to the CPU, in evaluation mode. Checks the archive's records before torch's loader sees them, and the
// module's operations and its agreement with mriembed.json before anything of it can run. Throws Error bad_model_file,
// naming the file, and Error out_of_memory.
torch::jit::Module load_scripted_module(const ModelArchive& archive);

}  // namespace mriembed::torch_backend
