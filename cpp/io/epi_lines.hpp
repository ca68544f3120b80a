// What the lines of an echo-planar scan need beside their places: even spacing, and both directions in phase.
#pragma once

#include <complex>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "acquisitions.hpp"
#include "epi_phase.hpp"
#include "epi_regridding.hpp"
#include "mrd_header.hpp"
#include "scan_geometry.hpp"
#include "volume_key.hpp"

namespace mriembed::io {

LineDirection direction_of(const Acquisition& line);

// One volume's lines as they were measured, each (coils, z, y, width) row with its direction. `second`: whether a line
// was an even one (the second, fourth ...) of its shot, in the order of measurement.
struct EpiVolume {
  std::span<std::complex<float>> samples;
  std::int64_t coils;
  std::int64_t depth;
  std::int64_t width;
  std::vector<LineDirection> directions;  // of each line, (z, y)
  std::vector<bool> second;
  // Rows of lines that were measured in the other direction, too; empty: none were.
  std::span<std::complex<float>> other_direction = {};
};

class EpiLines {
 public:
  // Of a scan that the header calls echo-planar. `first` is the scan's first imaging line.
  EpiLines(const MrdEncoding& encoding, const ScanGeometry& geometry, const Acquisition& first);
  // Of a scan with lines of `matrix_width` samples that the header calls Cartesian, but has_unmarked_lines() an
  // echo-planar one.
  explicit EpiLines(std::int64_t matrix_width);

  // Whether every second line of a 2D volume without gaps is a reversed one, though no line is marked so: the image is
  // clearly sharper once these are turned, and unless lines are those of a `train`, they are alternate readouts by
  // their neighbours.
  [[nodiscard]] static bool has_unmarked_lines(const EpiVolume& volume, bool train);

  // As what a line is placed: an evenly spaced one of the whole matrix where lines are regridded, else itself. ACS
  // lines of another length or encoding space are those of a gradient echo, which is evenly spaced.
  [[nodiscard]] Acquisition placed_as(const Acquisition& line) const;
  // Its samples then; valid until the next call. Refusals name the acquisition by `index`.
  [[nodiscard]] std::span<const std::complex<float>> samples_of(const Acquisition& line, std::size_t index,
                                                                std::span<const std::complex<float>> samples);

  // Whether samples are brought to even spacing.
  [[nodiscard]] bool regrids() const { return regridding_.has_value(); }

  // A navigator line of a volume, (coils, width) in the order of rising k. Those beyond the first 64 add nothing.
  void add_navigator(const VolumeKey& key, const NavigatorLines::Order& order,
                     std::span<const std::complex<float>> line, std::int64_t width);
  void drop(const VolumeKey& key) { navigators_.erase(key); }

  // Brings both directions of a volume in phase: by its navigators, or by the image. Of an accelerated scan the ACS
  // lines are that image, of a slab the central partition of k-space, which is the slab's projection along z. Forgets
  // the navigators.
  void correct(const VolumeKey& key, EpiVolume volume);

  // What was done to the first volume, for `inspect`: what is as it should be, and what may have changed the numbers.
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  [[nodiscard]] bool regrids(const Acquisition& line) const;
  void say(std::vector<std::string>& texts, const std::string& text) const;
  // `navigators`: why there are none to correct it by.
  void correct_by_image(EpiVolume& volume, const std::string& navigators);
  void correct_ghost_of(std::span<const std::complex<float>> lines, const std::vector<LineDirection>& directions,
                        const EpiVolume& volume, const std::string& navigators, const std::string& image);
  void turn_unmarked_lines(EpiVolume& volume);

  std::int64_t matrix_width_;
  std::uint16_t encoding_space_ = 0;  // of the image
  std::optional<EpiRegridding> regridding_;
  std::vector<std::complex<float>> regridded_;
  std::map<VolumeKey, NavigatorLines> navigators_;
  std::optional<bool> unmarked_;  // has_unmarked_lines() of the first volume
  bool told_ = false;
  std::vector<std::string> notes_;
  std::vector<std::string> warnings_;
};

}  // namespace mriembed::io
