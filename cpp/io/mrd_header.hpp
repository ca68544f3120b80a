// The XML header of MRD (ISMRMRD) data, reduced to what places samples.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace mriembed::io {

struct Matrix {
  std::int64_t x = 1;
  std::int64_t y = 1;
  std::int64_t z = 1;
};

// Range of a phase-encoding index, and the index whose line lies at the centre of k-space.
struct EncodingLimit {
  std::int64_t minimum = 0;
  std::int64_t maximum = 0;
  std::int64_t center = 0;
};

struct MrdHeader {
  Matrix encoded;
  Matrix recon;
  std::optional<EncodingLimit> step_1;  // along y
  std::optional<EncodingLimit> step_2;  // along z
  std::string trajectory;               // "cartesian", "epi", "spiral", ...
  std::size_t encodings = 1;            // number of encoding spaces; this is the first
};

// Parses the header's first encoding. Refuses text that is no ISMRMRD header.
MrdHeader parse_mrd_header(const std::string& xml);

}  // namespace mriembed::io
