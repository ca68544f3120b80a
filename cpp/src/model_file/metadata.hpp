// mriembed.json, the part of a model file that describes it, as C++ values.
#pragma once

#include <array>
#include <complex>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model_file/network_description.hpp"
#include "mriembed/model_file.hpp"

namespace mriembed {

// A small k-space slice and the embedding that the writer of the model file computed for it.
struct Reference {
  std::int64_t coils = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::vector<std::complex<float>> kspace;  // (1, coils, height, width), row-major
  std::vector<float> embedding;             // (embed_dim)
};

// The constructor arguments of MRIEmbeddingModel that its weights and methods must agree with.
struct NetworkArguments {
  std::array<std::int64_t, 4> widths{};
  double dropout = 0;
  bool normalize = true;
  bool use_mlp_head = false;
  std::int64_t antialiased_stage = 0;  // 1 to 3; 0: none
};

struct Metadata {
  ModelInfo info;
  NetworkArguments arguments;
  NetworkDescription network;
  Reference reference;
};

// The format version that this library reads.
inline constexpr int format_version = 2;

// Parses and checks the text of mriembed.json, at most 16 MiB and nested at most 8 deep. `sealed` and `signers` of the
// info are left as they are by default. Throws Error bad_model_file; the message does not name the file.
Metadata parse_metadata(std::string_view json_text);

}  // namespace mriembed
