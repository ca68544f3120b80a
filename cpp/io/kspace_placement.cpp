#include "kspace_placement.hpp"

#include <ismrmrd/ismrmrd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "size_limits.hpp"

namespace mriembed::io {

namespace {

bool is_reversed(const Acquisition& line) { return line.has(ISMRMRD::ISMRMRD_ACQ_IS_REVERSE); }

// The energy of a step and its neighbours: a peak may lie between two lines.
double around(const StepEnergies& energies, std::int64_t step) {
  double sum = 0;
  for (std::int64_t near = step - 1; near <= step + 1; ++near) {
    sum +=
        near >= 0 && near < static_cast<std::int64_t>(energies.size()) ? energies[static_cast<std::size_t>(near)] : 0;
  }
  return sum;
}

std::int64_t peak_of(const StepEnergies& energies) {
  return std::max_element(energies.begin(), energies.end()) - energies.begin();
}

}  // namespace

// Some writers state the slices' thickness with gaps as an encoded matrix of 2.
bool is_flat(const MrdEncoding& encoding, const LineFacts& facts) {
  const std::optional<EncodingLimit>& limit = encoding.kspace_encode_step_2;
  const bool one_step = !limit.has_value() || limit->minimum == limit->maximum;
  return encoding.encoded.z > 1 && !facts.several_partitions && (one_step || facts.full_partition);
}

KspacePlacement::KspacePlacement(const MrdEncoding& encoding, const ScanGeometry& geometry, const LineFacts& facts)
    : width_(encoding.encoded.x),
      y_(axis_of("kspace_encode_step_1", "idx.user[5]", encoding.encoded.y, encoding.kspace_encode_step_1,
                 facts.user_center_1)) {
  if (oversampling_removed(facts.first, geometry.image.x, encoding.recon.x, encoding.encoded.x)) {
    width_ = facts.first.samples;
    notes_.emplace_back("readout oversampling is taken as removed before the file was written");
  }
  const bool flat = is_flat(encoding, facts);
  z_ = axis_of("kspace_encode_step_2", "idx.user[6]", flat ? 1 : encoding.encoded.z, encoding.kspace_encode_step_2,
               facts.user_center_2);
  if (flat) {
    z_.shift = -std::int64_t{facts.first.kspace_encode_step_2};
    notes_.push_back("the encoded matrix has " + std::to_string(encoding.encoded.z) +
                     " partitions, but every line the same kspace_encode_step_2: a 2D scan");
  }
  note_readout(facts.first);
  for (const Axis* axis : {&y_, &z_}) {
    if (!axis->undecided()) {
      note_coverage(*axis);
    }
  }
}

std::optional<EncodingLimit> known_limits(const std::optional<EncodingLimit>& limit, std::int64_t size) {
  const bool no_range = limit.has_value() && limit->minimum == 0 && limit->maximum == 0;
  if (size == 1 || !limit.has_value() || (no_range && (limit->center == 0 || limit->center >= size))) {
    return std::nullopt;
  }
  return no_range ? EncodingLimit{0, size - 1, limit->center} : *limit;
}

std::optional<std::int64_t> center_by_header(const std::optional<EncodingLimit>& limit, std::int64_t size) {
  const std::optional<EncodingLimit> known = known_limits(limit, size);
  if (!known.has_value()) {
    return size / 2;
  }
  if (known->center > 0 && known->center >= known->minimum && known->center <= known->maximum) {
    return known->center;
  }
  const bool covers = known->maximum - known->minimum + 1 == size;
  return covers ? std::optional(known->minimum + size / 2) : std::nullopt;
}

// A readout as long as the image whose centre is not in its middle is an asymmetric echo. A centre at or beyond its end
// is that of the longer readout that it was cut from.
bool KspacePlacement::oversampling_removed(const Acquisition& first, std::int64_t image_width, std::int64_t recon_width,
                                           std::int64_t encoded_width) {
  if (image_width == encoded_width || (first.samples != image_width && first.samples != recon_width) ||
      first.samples >= encoded_width) {
    return false;
  }
  const std::int64_t center = first.center_sample;
  return center == 0 || center >= first.samples || std::abs(center - first.samples / 2) <= 1;
}

void KspacePlacement::Axis::set_center(std::int64_t center) {
  shift = size / 2 - center;
  cover();
}

void KspacePlacement::Axis::cover() {
  if (limit.has_value()) {
    first = std::clamp<std::int64_t>(limit->minimum + shift, 0, size - 1);
    last = std::clamp<std::int64_t>(limit->maximum + shift, 0, size - 1);
  }
}

KspacePlacement::Axis KspacePlacement::axis_of(const char* name, const char* user_name, std::int64_t size,
                                               const std::optional<EncodingLimit>& limit,
                                               const std::optional<std::int64_t>& user_center) {
  Axis axis{name, user_name, size, std::nullopt, std::nullopt, false, 0, 0, size - 1};
  axis.limit = known_limits(limit, size);
  if (!axis.limit.has_value()) {
    return axis;
  }
  const auto& [minimum, maximum, center] = *axis.limit;
  const std::int64_t count = maximum - minimum + 1;
  const std::optional<std::int64_t> told = center_by_header(limit, size);
  if (told.has_value() && *told != center) {
    axis.set_center(*told);
    notes_.push_back(std::string(name) + " has no centre in the header (" + std::to_string(center) +
                     "): the middle of its " + std::to_string(count) + " steps is taken");
    return axis;
  }
  axis.unset_center = !told.has_value();
  axis.set_center(told.value_or(minimum + count / 2));
  if (user_center.has_value() && *user_center != center && axis.covers(*user_center)) {
    axis.user_center = user_center;
  }
  return axis;
}

void KspacePlacement::find_centres(const StepEnergies& along_y, const StepEnergies& along_z) {
  for (const auto& [axis, energies] : {std::pair<Axis&, const StepEnergies&>{y_, along_y}, {z_, along_z}}) {
    if (axis.undecided() && !energies.empty()) {
      find_center(axis, energies);
      note_coverage(axis);
    }
    axis.unset_center = false;
    axis.user_center.reset();
  }
}

void KspacePlacement::find_center(Axis& axis, const StepEnergies& energies) {
  const EncodingLimit& limit = *axis.limit;
  const std::int64_t peak = peak_of(energies);
  if (!axis.unset_center) {
    const bool by_user = around(energies, *axis.user_center) > around(energies, limit.center);
    const std::int64_t center = by_user ? *axis.user_center : limit.center;
    axis.set_center(center);
    notes_.push_back("the header gives step " + std::to_string(limit.center) + " as the centre of " + axis.name + ", " +
                     axis.user_name + " gives " + std::to_string(*axis.user_center) + ": the signal peaks at " +
                     std::to_string(peak) + ", so that " + std::to_string(center) + " is taken");
    return;
  }
  // All lines around the centre; the last ones missing; the first ones missing.
  const std::int64_t count = limit.maximum - limit.minimum + 1;
  std::vector<std::int64_t> likely{limit.minimum + count / 2, limit.minimum + axis.size / 2,
                                   limit.maximum - (axis.size - 1) + axis.size / 2};
  if (axis.user_center.has_value()) {
    likely.push_back(*axis.user_center);
  }
  const std::int64_t nearest = *std::min_element(
      likely.begin(), likely.end(),
      [&](std::int64_t left, std::int64_t right) { return std::abs(left - peak) < std::abs(right - peak); });
  const std::int64_t echo_offset = std::max<std::int64_t>(4, axis.size / 16);  // which a background phase can make
  std::int64_t center = std::abs(nearest - peak) <= echo_offset ? nearest : peak;
  if (count <= axis.size) {  // no measured line may fall out of the matrix, wherever the echo is
    center = std::clamp(center, limit.maximum - (axis.size - 1) + axis.size / 2, limit.minimum + axis.size / 2);
  }
  axis.set_center(center);
  notes_.push_back(std::string(axis.name) + " has no centre in the header (" + std::to_string(limit.center) +
                   "): the signal peaks at step " + std::to_string(peak) + ", and " + std::to_string(center) +
                   " is taken");
}

void KspacePlacement::note_coverage(const Axis& axis) {
  const std::int64_t covered = axis.last - axis.first + 1;
  if (covered < axis.size) {
    notes_.push_back(std::string(axis.name) + " covers " + std::to_string(covered) + " of " +
                     std::to_string(axis.size) + " lines (partial Fourier or interpolation)");
  }
  if (axis.limit.has_value() && axis.limit->maximum - axis.limit->minimum + 1 > covered) {
    notes_.push_back(std::to_string(axis.limit->maximum - axis.limit->minimum + 1 - covered) + " steps of " +
                     axis.name + " lie beyond the encoded matrix, whose centre is step " +
                     std::to_string(axis.size / 2 - axis.shift) + ", and are left out");
  }
}

std::vector<std::int64_t> KspacePlacement::other_centres_y() const {
  const std::int64_t missing = y_.size - (y_.last - y_.first + 1);
  if (missing == 0) {
    return {};
  }
  return {y_.size / 2 + y_.first, y_.size / 2 - (y_.size - 1 - y_.last)};
}

void KspacePlacement::note_readout(const Acquisition& first) {
  const std::int64_t samples = first.samples;
  if (first.center_sample == 0 && samples > 1) {
    notes_.emplace_back("center_sample is not set (0): the middle of a readout is taken as the centre of k-space");
    if (samples < width_) {  // its first samples may be those that are missing, or its last ones
      const std::int64_t from_middle = width_ / 2 - samples / 2;
      other_centres_x_ = {width_ / 2 - from_middle, width_ / 2 + from_middle};
    }
  } else if (first.center_sample >= samples && samples == width_) {
    notes_.push_back("center_sample " + std::to_string(first.center_sample) + " lies beyond the readout of " +
                     std::to_string(samples) + " samples: its middle is taken as the centre of k-space");
  }
}

std::optional<std::int64_t> KspacePlacement::place_of(const Acquisition& line) const {
  const std::optional<std::int64_t> y = y_.position_of(line.kspace_encode_step_1);
  const std::optional<std::int64_t> z = z_.position_of(line.kspace_encode_step_2);
  return y.has_value() && z.has_value() ? std::optional(*z * y_.size + *y) : std::nullopt;
}

std::optional<std::int64_t> KspacePlacement::line_of(const Acquisition& line, std::size_t index) const {
  const auto belongs = [](const Axis& axis, std::int64_t step) {
    return axis.position_of(step).has_value() || axis.covers(step);
  };
  if (!belongs(y_, line.kspace_encode_step_1) || !belongs(z_, line.kspace_encode_step_2)) {
    refuse("acquisition " + std::to_string(index) + " (encoding steps " + std::to_string(line.kspace_encode_step_1) +
           ", " + std::to_string(line.kspace_encode_step_2) + ") lies outside the encoded matrix of " +
           std::to_string(y_.size) + " x " + std::to_string(z_.size) + " lines");
  }
  return place_of(line);
}

// The sample at k = 0.
std::int64_t KspacePlacement::center_of(const Acquisition& line) const {
  const std::int64_t samples = line.samples;
  const bool stale = line.center_sample >= samples && samples == width_;  // of the readout before it was shortened
  if ((line.center_sample == 0 && samples > 1) || stale) {
    return is_reversed(line) ? samples - 1 - samples / 2 : samples / 2;
  }
  return line.center_sample;
}

ReadoutPlace KspacePlacement::readout_of(const Acquisition& line, std::size_t index) const {
  const std::int64_t kept = std::int64_t{line.samples} - line.discard_pre - line.discard_post;
  if (kept < 1) {
    refuse("acquisition " + std::to_string(index) + " has " + std::to_string(line.samples) + " samples, and " +
           std::to_string(line.discard_pre) + " + " + std::to_string(line.discard_post) +
           " of them are to be discarded (discard_pre, discard_post)");
  }
  const std::int64_t center = center_of(line);
  const std::int64_t first = line.discard_pre;
  const std::int64_t last = first + kept - 1;
  // Where the samples would lie along x, in ascending order.
  const std::int64_t begin = width_ / 2 + (is_reversed(line) ? center - last : first - center);
  const std::int64_t cut_before = std::max<std::int64_t>(0, -begin);
  const std::int64_t cut_after = std::max<std::int64_t>(0, begin + kept - width_);
  ReadoutPlace place;
  place.first_x = begin + cut_before;
  place.count = kept - cut_before - cut_after;
  place.first_sample = first + (is_reversed(line) ? cut_after : cut_before);
  if (kept > width_ || place.count < 1 || center >= line.samples) {
    refuse("acquisition " + std::to_string(index) + " with " + std::to_string(line.samples) + " samples (centre " +
           std::to_string(line.center_sample) + ") does not fit the encoded matrix's " + std::to_string(width_) +
           " samples along the readout");
  }
  return place;
}

std::int64_t KspacePlacement::missing_lines(const std::vector<bool>& acquired) const {
  std::int64_t missing = 0;
  for (std::int64_t z = z_.first; z <= z_.last; ++z) {
    for (std::int64_t y = y_.first; y <= y_.last; ++y) {
      missing += acquired[static_cast<std::size_t>(z * y_.size + y)] ? 0 : 1;
    }
  }
  return missing;
}

}  // namespace mriembed::io
