// The XML header of MRD (ISMRMRD) data: what places samples, and facts about scanner and sequence.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "header_facts.hpp"

namespace mriembed::io {

struct Matrix {
  std::int64_t x = 1;
  std::int64_t y = 1;
  std::int64_t z = 1;
};

// In millimetres; 0 along an axis where the header gives none, or no positive number.
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
  HeaderFacts facts;
};

// Elements may bear a namespace prefix, and what does not place samples may be missing, whatever the schema says.
// Refuses text that is not an ISMRMRD header, naming what is wrong with it.
MrdHeader parse_mrd_header(const std::string& xml);

}  // namespace mriembed::io
