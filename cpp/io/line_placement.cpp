#include "line_placement.hpp"

#include <ismrmrd/ismrmrd.h>

#include <algorithm>

#include "refuse.hpp"

namespace mriembed::io {

LinePlacement::LinePlacement(const MrdEncoding& header, const std::vector<Acquisition>& imaging_lines)
    : width_(header.encoded.x),
      y_(axis_of(header.encoded.y, header.step_1)),
      z_(axis_of(header.encoded.z, header.step_2)) {
  const bool oversampled = header.recon.x < header.encoded.x;
  const bool removed = oversampled && std::all_of(imaging_lines.begin(), imaging_lines.end(),
                                                  [&](const auto& line) { return line.samples == header.recon.x; });
  if (removed) {
    width_ = header.recon.x;
    notes_.emplace_back("readout oversampling was removed before the file was written");
  } else if (oversampled) {
    readout_width_ = header.recon.x;
  }
  note_uncovered(y_, "kspace_encode_step_1");
  note_uncovered(z_, "kspace_encode_step_2");
}

LinePlacement::Axis LinePlacement::axis_of(std::int64_t size, const std::optional<EncodingLimit>& limit) {
  Axis axis;
  axis.size = size;
  axis.last = size - 1;
  if (limit.has_value() && size > 1) {
    // Limits that cover the whole matrix leave one placement, whatever the centre says (some writers leave it 0).
    const bool covering = limit->maximum - limit->minimum + 1 == size;
    axis.shift = covering ? -limit->minimum : size / 2 - limit->center;
    axis.first = std::clamp<std::int64_t>(limit->minimum + axis.shift, 0, size - 1);
    axis.last = std::clamp<std::int64_t>(limit->maximum + axis.shift, 0, size - 1);
  }
  return axis;
}

void LinePlacement::note_uncovered(const Axis& axis, const char* name) {
  const std::int64_t covered = axis.last - axis.first + 1;
  if (covered < axis.size) {
    notes_.push_back(std::string(name) + " covers " + std::to_string(covered) + " of " + std::to_string(axis.size) +
                     " lines (partial Fourier or interpolation): the others stay zero");
  }
}

std::int64_t LinePlacement::line_of(const Acquisition& line, std::size_t index) const {
  const std::int64_t y = line.step_1 + y_.shift;
  const std::int64_t z = line.step_2 + z_.shift;
  if (y < 0 || y >= y_.size || z < 0 || z >= z_.size) {
    refuse("acquisition " + std::to_string(index) + " (encoding steps " + std::to_string(line.step_1) + ", " +
           std::to_string(line.step_2) + ") lies outside the encoded matrix of " + std::to_string(y_.size) + " x " +
           std::to_string(z_.size) + " lines");
  }
  return z * y_.size + y;
}

ReadoutPlace LinePlacement::readout_of(const Acquisition& line, std::size_t index) const {
  ReadoutPlace place;
  place.first_sample = line.discard_pre;
  place.count = std::int64_t{line.samples} - line.discard_pre - line.discard_post;
  if (line.samples == width_) {
    place.first_x = line.discard_pre;
  } else if (place.count != width_) {
    const bool reversed = line.has(ISMRMRD::ISMRMRD_ACQ_IS_REVERSE);
    const std::int64_t kept_centre = std::int64_t{line.center_sample} - line.discard_pre;
    place.first_x = width_ / 2 - (reversed ? place.count - 1 - kept_centre : kept_centre);
  }
  if (place.count < 1 || place.first_x < 0 || place.first_x + place.count > width_) {
    refuse("acquisition " + std::to_string(index) + " with " + std::to_string(line.samples) + " samples (centre " +
           std::to_string(line.center_sample) + ") does not fit the encoded matrix's " + std::to_string(width_) +
           " samples along the readout");
  }
  return place;
}

std::int64_t LinePlacement::missing_lines(const std::vector<bool>& acquired) const {
  std::int64_t missing = 0;
  for (std::int64_t z = z_.first; z <= z_.last; ++z) {
    for (std::int64_t y = y_.first; y <= y_.last; ++y) {
      missing += acquired[static_cast<std::size_t>(z * y_.size + y)] ? 0 : 1;
    }
  }
  return missing;
}

}  // namespace mriembed::io
