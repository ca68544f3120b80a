#include "volume_ends.hpp"

#include <ismrmrd/ismrmrd.h>

#include "mriembed/error.hpp"
#include "raw_completeness.hpp"
#include "slab_sampling.hpp"

namespace mriembed::io {

bool VolumeEnds::is_ended_by(const Acquisition& line, const VolumeKey& key, const OpenVolume& volume) const {
  const bool last_in_slice = line.has(ISMRMRD::ISMRMRD_ACQ_LAST_IN_SLICE);
  const std::int64_t needed = placement.covered_y().count() * placement.covered_z().count();
  if (volume.places.is_whole(needed, averages, last_in_slice)) {
    return true;
  }
  if (placement.depth() > 1) {  // a flag may stand at the end of each partition
    const bool last = last_in_slice || line.has(ISMRMRD::ISMRMRD_ACQ_LAST_IN_REPETITION) ||
                      line.has(ISMRMRD::ISMRMRD_ACQ_LAST_IN_MEASUREMENT);
    return last && is_whole_accelerated(key, volume);
  }
  return last_in_slice && line.average + 1 >= averages && is_complete(key, volume);
}

bool VolumeEnds::is_whole_accelerated(const VolumeKey& key, const OpenVolume& volume) const {
  if (encoding.acceleration.y * encoding.acceleration.z == 1 || !volume.places.each_as_often_as(averages)) {
    return false;
  }
  return has_whole_grid(volume.places.among(placement.height() * placement.depth()), placement.height(),
                        placement.covered_y(), placement.covered_z(), encoding.acceleration) &&
         is_accepted(key, volume, false);
}

bool VolumeEnds::is_complete(const VolumeKey& key, const OpenVolume& volume) const {
  return is_accepted(key, volume, allow_undersampled);
}

// Of the ACS lines so far. No: more lines may follow, and the end of the scan tells.
bool VolumeEnds::is_accepted(const VolumeKey& key, const OpenVolume& volume, bool undersampled) const {
  RawVolumes alone;
  std::vector<Acquisition> lines;
  alone.volumes.push_back(described(key, volume, lines));
  try {
    static_cast<void>(check_complete(alone, lines, placement, undersampled));
    return true;
  } catch (const Error&) {
    return false;
  }
}

RawVolume VolumeEnds::described(const VolumeKey& key, const OpenVolume& volume, std::vector<Acquisition>& lines) const {
  RawVolume result;
  result.key = key;
  result.calibrated = volume.calibrated;
  result.begun = volume.first;
  result.ended = volume.last;
  for (const Acquisition& line : volume.lines) {
    result.imaging.push_back(lines.size());
    lines.push_back(line);
  }
  for (const HeldLine& held : separate.calibration_of(key)) {
    result.calibrated = true;
    if (!volume.places.contains(*placement.place_of(held->line))) {
      result.calibration.push_back(lines.size());
      lines.push_back(held->line);
    }
  }
  return result;
}

}  // namespace mriembed::io
