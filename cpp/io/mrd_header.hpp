// The XML header of MRD (ISMRMRD) data, reduced to what places samples.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mriembed::io {

struct Matrix {
  std::int64_t x = 1;
  std::int64_t y = 1;
  std::int64_t z = 1;
};

// In millimetres; 0 where the header does not give it.
struct FieldOfView {
  double x = 0;
  double y = 0;
  double z = 0;
};

// Range of a phase-encoding index, and the index whose line lies at the centre of k-space.
struct EncodingLimit {
  std::int64_t minimum = 0;
  std::int64_t maximum = 0;
  std::int64_t center = 0;
};

// One encoding space: how its lines were measured, and the image that is meant to come of them.
struct MrdEncoding {
  Matrix encoded;
  Matrix recon;
  FieldOfView encoded_fov;
  FieldOfView recon_fov;
  std::optional<EncodingLimit> step_1;  // along y
  std::optional<EncodingLimit> step_2;  // along z
  std::string trajectory;               // "cartesian", "epi", "spiral", ...
};

struct MrdHeader {
  std::vector<MrdEncoding> encodings;      // one at least
  std::int64_t multiband = 1;              // slices that were excited together
  std::string measurement_id;              // empty: none
  std::vector<std::string> noise_sources;  // measurement IDs of the noise measurements that this one depends on
};

// Refuses text that is no ISMRMRD header.
MrdHeader parse_mrd_header(const std::string& xml);

}  // namespace mriembed::io
