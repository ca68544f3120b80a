#include "epi_lines.hpp"

#include <ismrmrd/ismrmrd.h>

#include <algorithm>

#include "alternate_readouts.hpp"
#include "epi_readout.hpp"

namespace mriembed::io {

namespace {

// No gap between the first and the last measured line.
bool is_dense(const std::vector<LineDirection>& directions) {
  const auto measured = [](LineDirection direction) { return direction != LineDirection::none; };
  const auto first = std::ranges::find_if(directions, measured);
  const auto last = std::find_if(directions.rbegin(), directions.rend(), measured).base();
  return first < last && std::all_of(first, last, measured);
}

bool has_reversed(const EpiVolume& volume) {
  return std::ranges::any_of(volume.directions, [](LineDirection direction) {
    return direction == LineDirection::reversed || direction == LineDirection::both;
  });
}

void take_out_of(const EpiVolume& volume, const ReadoutPhase& phase) {
  take_out(phase, volume.samples, volume.coils, volume.directions, volume.width);
  if (volume.other_direction.empty()) {
    return;
  }
  std::vector<LineDirection> directions(volume.directions.size());
  std::ranges::transform(volume.directions, directions.begin(), [](LineDirection direction) {
    return direction == LineDirection::forward ? LineDirection::reversed : LineDirection::forward;
  });
  take_out(phase, volume.other_direction, volume.coils, directions, volume.width);
}

// Every second line reversed; the others forward.
std::vector<LineDirection> with_second_reversed(const EpiVolume& volume) {
  std::vector<LineDirection> directions = volume.directions;
  for (std::size_t line = 0; line < directions.size(); ++line) {
    if (directions[line] == LineDirection::forward && volume.second[line]) {
      directions[line] = LineDirection::reversed;
    }
  }
  return directions;
}

// Lines marked as reversed change k to -k; k = -length / 2 has no counterpart and stays.
void turn(std::span<std::complex<float>> samples, std::int64_t coils, const std::vector<LineDirection>& directions,
          std::int64_t width) {
  const auto lines = static_cast<std::int64_t>(directions.size());
  for (std::int64_t row = 0; row < coils * lines; ++row) {
    if (directions[static_cast<std::size_t>(row % lines)] == LineDirection::reversed) {
      std::complex<float>* const first = samples.data() + row * width;
      std::reverse(first + (width % 2 == 0 ? 1 : 0), first + width);
    }
  }
}

// Neighbouring lines around the centre of k-space: an image of low resolution, along z the projection of a slab.
struct CentralLines {
  std::vector<std::complex<float>> samples;  // (coils, lines, width)
  std::vector<LineDirection> directions;     // none where there are too few lines to see a ghost
};

CentralLines central_lines(const EpiVolume& volume) {
  constexpr std::int64_t fewest_of_each = 6;
  const auto lines = static_cast<std::int64_t>(volume.directions.size());
  const std::int64_t height = lines / volume.depth;
  const std::int64_t partition = volume.depth / 2 * height;
  const std::int64_t centre = partition + height / 2;
  const auto there = [&](std::int64_t line) {
    return volume.directions[static_cast<std::size_t>(line)] != LineDirection::none;
  };
  std::int64_t begin = centre;
  std::int64_t end = centre;
  while (begin > partition && there(begin - 1)) {
    --begin;
  }
  while (end < partition + height && there(end)) {
    ++end;
  }
  CentralLines central;
  central.directions = {volume.directions.begin() + begin, volume.directions.begin() + end};
  for (const LineDirection direction : {LineDirection::forward, LineDirection::reversed}) {
    if (std::ranges::count(central.directions, direction) < fewest_of_each) {
      return {};
    }
  }
  for (std::int64_t coil = 0; coil < volume.coils; ++coil) {
    const auto first = volume.samples.begin() + (coil * lines + begin) * volume.width;
    central.samples.insert(central.samples.end(), first, first + (end - begin) * volume.width);
  }
  return central;
}

}  // namespace

LineDirection direction_of(const Acquisition& line) {
  return line.has(ISMRMRD::ISMRMRD_ACQ_IS_REVERSE) ? LineDirection::reversed : LineDirection::forward;
}

EpiLines::EpiLines(const MrdEncoding& encoding, const ScanGeometry& geometry, const Acquisition& first)
    : matrix_width_(encoding.encoded.x), encoding_space_(first.encoding_space) {
  if (!encoding.readout.has_value()) {
    warnings_.emplace_back(
        "EPI: the header does not describe the readout; samples on the gradient's ramps, if there are any, stay "
        "unevenly spaced");
    return;
  }
  const std::optional<EpiReadout> readout = readout_of_lines(*encoding.readout, first, matrix_width_, warnings_);
  if (readout.has_value() && EpiRegridding::needed(*readout, matrix_width_)) {
    regridding_.emplace(*readout, matrix_width_, geometry.image.x);
    notes_.emplace_back("EPI: samples are brought to even spacing, by the header's description of the gradient");
  }
}

EpiLines::EpiLines(std::int64_t matrix_width) : matrix_width_(matrix_width), unmarked_(true) {
  warnings_.emplace_back("EPI: the header calls the readout Cartesian, but its lines are those of an echo-planar scan");
}

bool EpiLines::has_unmarked_lines(const EpiVolume& volume, bool train) {
  if (volume.depth > 1 || !is_dense(volume.directions) || has_reversed(volume)) {
    return false;
  }
  const auto lines = static_cast<std::int64_t>(volume.directions.size());
  if (!train && !are_alternate_readouts(volume.samples, volume.coils, lines, volume.width, volume.second)) {
    return false;
  }
  constexpr double clearly = 0.98;  // measured: 0.84 to 0.96 where they are reversed, 1.07 and more where not
  const std::vector<LineDirection> directions = with_second_reversed(volume);
  std::vector<std::complex<float>> samples(volume.samples.begin(), volume.samples.end());
  const double as_marked = search_ghost(samples, volume.coils, directions, volume.width).corrected;
  turn(samples, volume.coils, directions, volume.width);
  return search_ghost(samples, volume.coils, directions, volume.width).corrected < clearly * as_marked;
}

bool EpiLines::regrids(const Acquisition& line) const {
  const bool calibration = line.has(ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION);
  return regridding_.has_value() && line.encoding_space == encoding_space_ &&
         (!calibration || regridding_->describes(line));
}

Acquisition EpiLines::placed_as(const Acquisition& line) const {
  Acquisition placed = line;
  if (regrids(line)) {
    placed.flags &= ~(std::uint64_t{1} << (ISMRMRD::ISMRMRD_ACQ_IS_REVERSE - 1));
    placed.samples = static_cast<std::uint16_t>(matrix_width_);
    placed.center_sample = static_cast<std::uint16_t>(matrix_width_ / 2);
    placed.discard_pre = 0;
    placed.discard_post = 0;
  }
  return placed;
}

std::span<const std::complex<float>> EpiLines::samples_of(const Acquisition& line, std::size_t index,
                                                          std::span<const std::complex<float>> samples) {
  if (!regrids(line)) {
    return samples;
  }
  regridding_->regrid(line, index, samples, regridded_);
  return regridded_;
}

void EpiLines::add_navigator(const VolumeKey& key, const NavigatorLines::Order& order,
                             std::span<const std::complex<float>> line, std::int64_t width) {
  constexpr std::size_t most = 64;
  NavigatorLines& navigators = navigators_.try_emplace(key, width).first->second;
  if (navigators.count() < most) {
    navigators.add(order, line);
  }
}

void EpiLines::correct(const VolumeKey& key, EpiVolume volume) {
  const auto found = navigators_.find(key);
  const auto phase = found == navigators_.end() ? std::nullopt : found->second.phase();
  if (phase.has_value()) {
    take_out_of(volume, *phase);
    say(notes_, "EPI: the ghost is corrected by the navigator lines (" + std::to_string(found->second.count()) +
                    " of the first slice)");
    if (!found->second.tell_drift() && volume.depth == 1 && is_dense(volume.directions)) {
      correct_ghost_of(volume.samples, volume.directions, volume,
                       "fewer than three navigator lines in a row do not tell drift from ghost", "the image itself");
    }
  } else {
    correct_by_image(volume, found == navigators_.end() ? "there are no navigator lines"
                                                        : "the navigator lines do not show both directions");
  }
  if (found != navigators_.end()) {
    navigators_.erase(found);
  }
  told_ = true;
}

// Of the first volume alone: the others are like it, and a reader asks once.
void EpiLines::say(std::vector<std::string>& texts, const std::string& text) const {
  if (!told_) {
    texts.push_back(text);
  }
}

void EpiLines::correct_by_image(EpiVolume& volume, const std::string& navigators) {
  if (volume.depth == 1 && is_dense(volume.directions)) {
    turn_unmarked_lines(volume);
    correct_ghost_of(volume.samples, volume.directions, volume, navigators, "the image itself");
    return;
  }
  const CentralLines central = central_lines(volume);
  if (central.directions.empty()) {
    say(warnings_,
        "EPI: " + navigators +
            ", and too few neighbouring lines of both directions around the centre of k-space show the ghost: it is "
            "not corrected");
    return;
  }
  correct_ghost_of(central.samples, central.directions, volume, navigators,
                   volume.depth > 1 ? "the projection of the slab" : "the image of the ACS lines");
}

// Takes the phase that `lines` (coils, their directions, width) tell out of the whole volume.
void EpiLines::correct_ghost_of(std::span<const std::complex<float>> lines,
                                const std::vector<LineDirection>& directions, const EpiVolume& volume,
                                const std::string& navigators, const std::string& image) {
  constexpr double clear = 0.97;
  const GhostSearch ghost = search_ghost(lines, volume.coils, directions, volume.width);
  if (ghost.corrected < clear * ghost.as_it_is) {
    take_out_of(volume, ghost.phase);
    say(warnings_, "EPI: " + navigators + "; the ghost is corrected by " + image);
  } else {
    say(notes_, "EPI: " + navigators + ", and no ghost is seen");
  }
}

void EpiLines::turn_unmarked_lines(EpiVolume& volume) {
  if (has_reversed(volume)) {
    return;
  }
  if (!unmarked_.has_value()) {
    unmarked_ = has_unmarked_lines(volume, true);
  }
  if (*unmarked_) {
    volume.directions = with_second_reversed(volume);
    turn(volume.samples, volume.coils, volume.directions, volume.width);
    say(warnings_,
        "EPI: no line is marked as reversed, but by the image every second one is: these are turned (the image may be "
        "mirrored along x)");
  }
}

}  // namespace mriembed::io
