// What a model file says of itself. C++17, no torch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mriembed/distances.hpp"
#include "mriembed/export.h"

namespace mriembed {

// Which model files may be loaded. By default: every one whose bytes are as mriembed sealed them. The seal finds
// damage; it does not say who made the file, for anybody can write a seal. A signature does.
struct Trust {
  std::vector<std::string> keys;  // files of public keys (Ed25519, PEM): where given, only files signed by one of them
  bool allow_unsealed = false;    // also TorchScript files without a seal, in which damage is not always found
};

// The contents of mriembed.json inside a model file, and what its seal says.
struct ModelInfo {
  int format_version = 0;         // 2, as docs/model_file.md defines it
  std::string model_class;        // "MRIEmbeddingModel"
  std::string arguments;          // constructor arguments, one JSON object as text
  std::int64_t in_channels = 0;   // 2 x num_coils
  std::int64_t num_coils = 0;     // virtual coils, or physical ones where coil_compression is "none"
  std::int64_t embed_dim = 0;     // length of an embedding
  std::int64_t parameters = 0;    // number of weights
  int preprocessing_version = 0;  // 4, as docs/preprocessing.md defines it
  std::string coil_compression;   // "pca" or "none"
  std::int64_t matrix = 0;        // side of the square matrix slices are resampled to; 0: native size
  std::string mriembed_version;   // provenance: what wrote the file
  std::string torch_version;
  std::string python_version;
  std::string created;          // UTC, ISO 8601
  std::string source_revision;  // of mriembed
  std::string weights_source;   // "random, seed 0" or where the weights came from
  std::string weights_sha256;   // 64 hexadecimal digits
  Distances distances;          // what a distance between two embeddings is typical of, where it was measured
  bool sealed = false;
  std::vector<std::string> signers;  // public keys whose signatures the file bears, 64 hexadecimal digits each
};

// Reads what the model file says of itself without loading the network. Thread-safe.
// Throws Error: bad_model_file where the file is missing, unreadable, damaged, not to be trusted, no model file or of
// an unknown version; invalid_argument where a key of `trust` cannot be read.
MRIEMBED_EXPORT ModelInfo read_model_info(const std::string& path, const Trust& trust = {});

// Reads a model file and makes every check that Embedder::load makes before torch runs it, without running any of it.
// Returns its bytes, so that another reader (torch's own) can be given exactly what was checked. Throws as
// read_model_info, and device_not_available where libmriembed_torch cannot be loaded; thread-safe.
MRIEMBED_EXPORT std::string read_checked_model_file(const std::string& path, const Trust& trust = {});

}  // namespace mriembed
