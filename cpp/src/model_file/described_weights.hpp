// Whether the weights that mriembed.json lists are those of the network that it names.
#pragma once

#include "model_file/metadata.hpp"

namespace mriembed {

// Compares names, shapes and number with those of MRIEmbeddingModel of the described arguments, and whether the layers
// end with a normalization. Throws Error bad_model_file, without the file's name; it names what is different.
void check_described_weights(const Metadata& metadata);

}  // namespace mriembed
