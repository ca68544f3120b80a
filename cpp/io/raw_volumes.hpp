// Which acquisitions of a raw MRD scan belong together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
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
  std::size_t begun = 0;    // number of its first imaging line in the scan
  std::size_t ended = 0;    // and of its last one
  Lines calibration;        // lines of calibration alone, where no imaging line lies
  Lines repeated;           // and where one lies
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
  bool echo_planar = false;        // by its lines, whatever the header says: is_echo_planar()
  std::vector<RawVolume> volumes;  // by their keys
  Lines noise;
  Lines calibration;                 // of calibration alone
  std::size_t left_out = 0;          // lines that serve nothing
  std::string calibration_left_out;  // which ACS lines, and why; empty: none
  std::vector<std::string> warnings;
  std::vector<std::string> notes;
};

// Refuses a scan that cannot be placed by lines.
void check_encoding(const MrdHeader& header, const MrdEncoding& encoding);

// Takes the encoding space of the largest matrix: imaging lines of another are a separate calibration, as a rule. Lines
// that are flagged as calibration are taken of another space, too, where both are on one grid. Of an echo-planar scan
// each volume gets the navigator lines of its own counters, or else those of its slice. Refuses a scan without an
// imaging line, one that cannot be placed by lines, and volumes of several numbers of coils.
RawVolumes sorted_volumes(const MrdHeader& header, const std::vector<Acquisition>& lines);

// Whether phase-correction lines of an encoding space were read out in both directions: then it is an echo-planar scan.
// Converters name those of Pulseq "cartesian", as Siemens' scanners do.
bool is_echo_planar(const std::vector<Acquisition>& lines, std::uint16_t encoding_space);

inline constexpr const char* cartesian_by_name =
    "phase-correction lines of both readout directions make it an echo-planar scan, which the header names cartesian";

// Where lines of a volume that is no echo-planar one were read out in both directions, which differ in phase: a
// warning.
std::optional<std::string> warning_of_directions(const RawVolume& volume, const std::vector<Acquisition>& lines);

// A radial scan, for one, that its header names cartesian has lines with trajectories.
inline constexpr const char* trajectories_left_out =
    "its lines come with trajectories, which are not read: each line is placed by its encoding step";

// What is known of the imaging lines before they are placed.
LineFacts facts_of(const RawVolumes& volumes, const std::vector<Acquisition>& lines, const MrdEncoding& encoding);

// Gives each volume the ACS lines of its own counters, or else one for each place of those of its slice, where
// no imaging line lies: the centre of an accelerated scan is then whole. Expects a placement that needs no signal, and
// that the matrix, times the volumes, was found justified by the file's size: so much is looked at.
void add_calibration(RawVolumes& volumes, const std::vector<Acquisition>& lines, const KspacePlacement& placement);

}  // namespace mriembed::io
