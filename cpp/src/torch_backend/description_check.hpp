// Whether the network in a model file is the one that its mriembed.json describes.
#pragma once

#include <torch/csrc/jit/api/module.h>

#include "model_file/metadata.hpp"

namespace mriembed::torch_backend {

// Compares shapes of weights, attributes and methods with the description: channels, coils, dimension, constructor
// arguments, preprocessing. Runs nothing. Throws Error bad_model_file, without the file's name.
void check_description(const torch::jit::Module& network, const Metadata& metadata);

}  // namespace mriembed::torch_backend
