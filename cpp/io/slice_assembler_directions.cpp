// Echo-planar volumes: both readout directions of a volume are brought in phase when it is finished.
#include <cstddef>
#include <cstdint>
#include <utility>

#include "slice_assembler.hpp"

namespace mriembed::io {

void SliceAssembler::correct_directions(const VolumeKey& key, Volume& volume) {
  const bool first = !std::exchange(looked_at_, true);
  if (!epi_.has_value() && !first) {
    return;
  }
  const bool train = volume.time.is_of_a_train();
  EpiVolume lines{volume.samples,
                  static_cast<std::int64_t>(coils_.size()),
                  placement_.depth(),
                  placement_.width(),
                  std::move(volume.directions),
                  std::move(volume.second)};
  if (volume.other_direction != nullptr) {
    OtherDirection& other = *volume.other_direction;
    other.averages.divide(other.samples);
    lines.other_direction = other.samples;
    for (std::int64_t line = 0; line < this->lines(); ++line) {
      if (lines.directions[static_cast<std::size_t>(line)] == LineDirection::none) {
        other.averages.forget(line);  // ACS lines that are no part of the image
      }
    }
  }
  if (!epi_.has_value() && EpiLines::has_unmarked_lines(lines, train)) {
    epi_.emplace(placement_.width());
  }
  if (epi_.has_value()) {
    epi_->correct(key, std::move(lines));
  }
  if (volume.other_direction != nullptr) {
    volume.averages.merge(volume.samples, volume.other_direction->averages, volume.other_direction->samples);
  }
}

// The lines of a volume changed after the listener was told of them.
void SliceAssembler::take_back(const VolumeKey& key, Volume& volume) {
  for (std::int64_t line = 0; line < lines() && tells_of(volume); ++line) {
    if (volume.told[static_cast<std::size_t>(line)]) {
      tell(key, volume, line, true);
    }
  }
}

}  // namespace mriembed::io
