// Which operations a loaded network may consist of. Checked after loading and before anything runs.
#pragma once

#include <torch/csrc/jit/api/module.h>

namespace mriembed::torch_backend {

// Every method of every module, with all that it calls, must consist of operations on the list in
// allowed_operations.cpp, those of the preprocessing and of MRIEmbeddingModel: tensor arithmetic without side
// effects. There are no loops on it, nor recursion, so every method ends. What memory allowed operations take is not
// bounded: a file of unknown origin needs a signature.
//
// Throws Error bad_model_file, without the file's name; it names the method and the operation.
void check_operators(const torch::jit::Module& network);

}  // namespace mriembed::torch_backend
