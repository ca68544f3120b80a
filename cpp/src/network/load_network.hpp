// Which network runs a model file here.
#pragma once

#include <memory>

#include "model_file/model_archive.hpp"
#include "mriembed/embedder.hpp"
#include "network/network.hpp"

namespace mriembed {

// The library's own where it knows the layers and the device, or else torch's, as Options::backend allows. Throws what
// Embedder::load throws.
std::unique_ptr<const Network> load_network(const ModelArchive& archive, const Options& options);

}  // namespace mriembed
