// The XML header of MRD (ISMRMRD) data: what places samples, and facts about scanner and sequence.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "acceleration.hpp"
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

// How the lines of an echo-planar scan were read out: times in microseconds, from the beginning of a line's gradient,
// which rises, is flat and falls. From the header's trajectory description "ConventionalEPI", which also Gadgetron
// reads.
struct EpiReadout {
  double ramp_up = 0;
  double flat_top = 0;
  double ramp_down = 0;
  double delay = 0;       // of the first sample; 0 where the header does not tell
  double dwell_time = 0;  // 0 where the header does not tell; so the number of samples
  std::int64_t samples = 0;
};

// One encoding space: how its lines were measured, and the image that is meant to come of them.
struct MrdEncoding {
  Matrix encoded;
  Matrix recon;  // an axis of 0: not given
  FieldOfView encoded_fov;
  FieldOfView recon_fov;
  std::optional<EncodingLimit> kspace_encode_step_1;  // along y
  std::optional<EncodingLimit> kspace_encode_step_2;  // along z
  std::int64_t averages = 1;                          // of each line, by the header's limits
  Acceleration acceleration;                          // 1 where the header gives none, or no positive number
  std::string trajectory;                             // "cartesian", "epi", "spiral", ...; see below
  std::optional<EpiReadout> readout;                  // where the header describes its gradient
};

struct MrdHeader {
  std::vector<MrdEncoding> encodings;      // one at least
  std::int64_t multiband = 1;              // slices that were excited together
  std::string measurement_id;              // empty: none
  std::vector<std::string> noise_sources;  // measurement IDs of the noise measurements that this one depends on
  HeaderFacts facts;
};

// A Cartesian trajectory that is described as a conventional EPI is an "epi": siemens_to_ismrmrd writes it so.
// Elements may bear a namespace prefix, and what does not place samples may be missing, whatever the schema says.
// Refuses text that is not an ISMRMRD header, naming what is wrong with it.
MrdHeader parse_mrd_header(const std::string& xml);

}  // namespace mriembed::io
