// What libmriembed asks of libmriembed_torch, which it loads when a network is to run on torch.
#pragma once

#include <memory>
#include <string>

#include "kernels/network_weights.hpp"
#include "model_file/model_archive.hpp"
#include "network/network.hpp"

namespace mriembed {

struct TorchRequest {
  const ModelArchive& archive;  // for the call
  std::string device;           // "cpu", "cuda" or "cuda:N"
  Precision precision;
  int threads;  // of torch's OpenMP for one call; 0: as many as the calling thread has
  // For the library's own kernels on a GPU, where it was built with them; null: torch's alone.
  const kernels::NetworkWeights* weights;
};

// Both libraries are of one build: no other one's is taken.
struct TorchInterface {
  const char* version;  // of the project
  // Throws Error: bad_model_file (naming the file), device_not_available, out_of_memory, internal.
  std::unique_ptr<const Network> (*load)(const TorchRequest& request);
  // Makes every check that load() makes of the file, and runs nothing of it. Throws Error bad_model_file, naming it.
  void (*check)(const ModelArchive& archive);
};

inline constexpr const char* torch_interface_symbol = "mriembed_torch_interface";

}  // namespace mriembed
