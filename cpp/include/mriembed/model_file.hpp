/// @file
/// The description in a model file. C++17, no torch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mriembed/distances.hpp"
#include "mriembed/export.h"

namespace mriembed {

/// Which model files may be loaded. By default: every file with an intact seal. The seal detects damage; it does not
/// identify who made the file, because anybody can write a seal. A signature does.
struct Trust {
  std::vector<std::string>
      keys;                     ///< files of public keys (Ed25519, PEM); if any, one of them must have signed the file
  bool allow_unsealed = false;  ///< also load TorchScript files without a seal, whose damage is not always detected
};

/// The contents of mriembed.json in a model file, and the state of its seal.
struct ModelInfo {
  int format_version = 0;            ///< 2, as docs/model_file.md defines it
  std::string model_class;           ///< "MRIEmbeddingModel"
  std::string arguments;             ///< constructor arguments, one JSON object as text
  std::int64_t in_channels = 0;      ///< 2 x num_coils
  std::int64_t num_coils = 0;        ///< virtual coils, or physical ones if coil_compression is "none"
  std::int64_t embed_dim = 0;        ///< length of an embedding
  std::int64_t parameters = 0;       ///< number of weights
  int preprocessing_version = 0;     ///< as docs/preprocessing.md defines it
  std::string coil_compression;      ///< "pca" or "none"
  std::int64_t matrix = 0;           ///< side of the square matrix that slices are resampled to; 0: native size
  std::string mriembed_version;      ///< of the program that wrote the file
  std::string torch_version;         ///< the same
  std::string python_version;        ///< the same
  std::string created;               ///< UTC, ISO 8601
  std::string source_revision;       ///< of mriembed
  std::string weights_source;        ///< "random, seed 0" or where the weights came from
  std::string weights_sha256;        ///< 64 hexadecimal digits
  Distances distances;               ///< what a distance between two embeddings is typical of, if measured
  bool sealed = false;               ///< whether the file has a seal
  std::vector<std::string> signers;  ///< public keys whose signatures are in the file, 64 hexadecimal digits each
};

/// Reads the description in a model file without loading the network. Thread-safe. Throws Error: bad_model_file if the
/// file is missing, unreadable, damaged, not trusted, not a model file or of an unknown version; invalid_argument if a
/// key of `trust` cannot be read.
MRIEMBED_EXPORT ModelInfo read_model_info(const std::string& path, const Trust& trust = {});

/// Reads a model file and makes every check that Embedder::load makes before torch runs it, without running any of it.
/// Returns its bytes, so that another reader (torch's own) can read exactly what was checked. Throws as
/// read_model_info, and device_not_available if libmriembed_torch cannot be loaded. Thread-safe.
MRIEMBED_EXPORT std::string read_checked_model_file(const std::string& path, const Trust& trust = {});

}  // namespace mriembed
