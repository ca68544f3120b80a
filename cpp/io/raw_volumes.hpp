// Which acquisitions of a raw MRD scan belong together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "acquisitions.hpp"
#include "kspace_placement.hpp"
#include "mrd_header.hpp"
#include "volume_key.hpp"

namespace mriembed::io {

// Indices of acquisitions, ascending.
using Lines = std::vector<std::size_t>;

struct RawVolume {
  VolumeKey key{};
  Lines imaging;
  Lines calibration;        // lines of calibration alone, where no imaging line lies
  Lines navigators;         // of an echo-planar readout
  bool calibrated = false;  // there are ACS lines, alone or as part of the image

  // Of the image: imaging and calibration.
  [[nodiscard]] Lines all_lines() const;
  // "slice 3, repetition 1": counters that are 0 are left out, but for the slice.
  [[nodiscard]] std::string name() const;
};

// The acquisitions of one encoding space.
struct RawVolumes {
  std::size_t encoding = 0;        // of the header
  std::vector<RawVolume> volumes;  // by their keys
  Lines noise;
  Lines calibration;         // of calibration alone
  std::size_t left_out = 0;  // lines that serve nothing
  std::vector<std::string> warnings;
  std::vector<std::string> notes;
};

// Refuses a scan that cannot be placed by lines.
void check_encoding(const MrdHeader& header, const MrdEncoding& encoding);

// Takes the encoding space of the largest matrix: imaging lines of another are a separate calibration, as a rule. Lines
// that are flagged as calibration are taken of another space, too, where its matrix, field of view and centre are the
// same. Of an echo-planar scan each volume gets the navigator lines of its own counters, or else those of its slice.
// Refuses a scan without an imaging line, one that cannot be placed by lines, and volumes of several numbers of coils.
RawVolumes sorted_volumes(const MrdHeader& header, const std::vector<Acquisition>& lines);

// What is known of the imaging lines before they are placed.
LineFacts facts_of(const RawVolumes& volumes, const std::vector<Acquisition>& lines, const MrdEncoding& encoding);

// Gives each volume the ACS lines of its own counters, or else one for each place of those of its slice, where
// no imaging line lies: the centre of an accelerated scan is then whole. Expects a placement that needs no signal, and
// that the matrix, times the volumes, was found justified by the file's size: so much is looked at.
void add_calibration(RawVolumes& volumes, const std::vector<Acquisition>& lines, const KspacePlacement& placement);

}  // namespace mriembed::io
