#include "raw_completeness.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "acquired_lines.hpp"
#include "partial_fourier.hpp"
#include "size_limits.hpp"

namespace mriembed::io {

namespace {

// What was measured of a volume.
struct Measured {
  std::vector<bool> lines;  // of the matrix, (z, y)
  std::int64_t count = 0;
  std::int64_t missing = 0;  // inside the encoding limits
};

// Lines along y that were measured in every partition in which any line was.
std::vector<bool> lines_along_y(const std::vector<bool>& acquired, std::int64_t height) {
  std::vector<bool> along_y(static_cast<std::size_t>(height), true);
  for (auto partition = acquired.begin(); partition != acquired.end(); partition += height) {
    if (std::find(partition, partition + height, true) != partition + height) {
      std::transform(partition, partition + height, along_y.begin(), along_y.begin(), std::logical_and<>());
    }
  }
  return along_y;
}

// Of an accelerated scan with ACS lines each volume is whole that was measured as far as the one of the most
// lines: the library fills what it misses. Such lines of the others count as missing.
void accept_accelerated(const std::vector<RawVolume>& volumes, std::vector<Measured>& measured, bool slab,
                        std::vector<std::string>& warnings) {
  const Measured fullest = *std::ranges::max_element(measured, {}, &Measured::count);
  std::int64_t all = 0;  // lines, measured and missing
  for (std::size_t index = 0; index < volumes.size(); ++index) {
    Measured& own = measured[index];
    // Partitions of a slab may lack other lines.
    const bool as_far = own.count == fullest.count || (!slab && reaches_as_far(own.lines, fullest.lines));
    if (volumes[index].calibrated && as_far && own.missing > 0) {
      all = own.count + own.missing;
      own.missing = 0;
    }
  }
  if (all > 0) {
    warnings.push_back("accelerated: " + std::to_string(fullest.count) + " of " + std::to_string(all) +
                       " lines were measured; the missing ones are filled in as far as they can be");
  }
}

// The corners of k-space, which an elliptical scan leaves out, count as zero.
void accept_elliptical(const KspacePlacement& placement, std::vector<Measured>& measured,
                       std::vector<std::string>& warnings) {
  bool found = false;
  for (Measured& own : measured) {
    if (own.missing > 0 &&
        is_elliptical(own.lines, placement.height(), placement.depth(), placement.covered_y(), placement.covered_z())) {
      own.missing = 0;
      found = true;
    }
  }
  if (found) {
    warnings.emplace_back("elliptical: the corners of k-space along y and z were not measured and stay zero");
  }
}

std::string share_of(const Measured& own) {
  return std::to_string(own.count) + " of " + std::to_string(own.count + own.missing) + " lines";
}

// A volume that lacks lines beside one that is whole was stopped, and so may have been one whose last line lies beside
// the missing ones, unless another one was begun after it.
void accept_partial_fourier(const std::vector<RawVolume>& volumes, const std::vector<Acquisition>& lines,
                            const KspacePlacement& placement, std::vector<Measured>& measured,
                            std::vector<std::string>& warnings) {
  const Measured fullest = *std::ranges::max_element(measured, {}, &Measured::count);
  const bool one_whole = std::ranges::any_of(measured, [](const Measured& own) { return own.missing == 0; });
  const auto partial = one_whole ? std::nullopt : PartialFourier::of(fullest.lines, placement);
  if (!partial.has_value()) {
    return;
  }
  const std::size_t last_begin = std::ranges::max_element(volumes, {}, &RawVolume::begun)->begun;
  const auto is_ended = [&](const RawVolume& volume) {
    std::vector<std::int64_t> places;
    for (const std::size_t index : volume.imaging) {
      if (const auto place = placement.place_of(lines[index])) {
        places.push_back(*place);
      }
    }
    return last_begin > volume.ended || partial->turns_back(places);
  };
  bool ended = false;
  for (std::size_t index = 0; index < volumes.size() && !ended; ++index) {
    ended = measured[index].lines == fullest.lines && is_ended(volumes[index]);
  }
  if (!ended) {
    return;
  }
  for (Measured& own : measured) {
    own.missing = own.lines == fullest.lines ? 0 : own.missing;
  }
  warnings.push_back(share_of(fullest) +
                     " were measured, without a gap and to beyond the centre of k-space: partial Fourier that the "
                     "encoding limits do not tell");
}

// The first volume that misses lines, but not because the scan was stopped: that takes lines from its last repetition,
// or from the volume that was measured last.
std::optional<std::size_t> undersampled_volume(const std::vector<RawVolume>& volumes,
                                               const std::vector<Measured>& measured) {
  const bool none_whole = std::ranges::none_of(measured, [](const Measured& own) { return own.missing == 0; });
  const auto repetition = [](const RawVolume& volume) { return volume.key[3]; };
  const auto last_repetition = repetition(*std::ranges::max_element(volumes, {}, repetition));
  const VolumeKey last = std::ranges::max_element(volumes, {}, &RawVolume::ended)->key;
  for (std::size_t index = 0; index < volumes.size(); ++index) {
    const RawVolume& volume = volumes[index];
    const bool at_the_end = (last_repetition > 0 && repetition(volume) == last_repetition) || volume.key == last;
    if (measured[index].missing > 0 && (none_whole || !at_the_end)) {
      return index;
    }
  }
  return std::nullopt;
}

// Volumes that miss lines, of a scan that was stopped.
void leave_out_unfinished(std::vector<RawVolume>& volumes, std::vector<Measured>& measured,
                          std::vector<std::string>& warnings) {
  std::vector<RawVolume> finished;
  std::vector<Measured> measured_of_finished;
  std::string first;
  for (std::size_t index = 0; index < volumes.size(); ++index) {
    if (measured[index].missing == 0) {
      finished.push_back(std::move(volumes[index]));
      measured_of_finished.push_back(std::move(measured[index]));
    } else if (first.empty()) {
      first = volumes[index].name() + " has " + share_of(measured[index]);
    }
  }
  if (!first.empty()) {
    warnings.push_back("the scan was stopped: " + std::to_string(volumes.size() - finished.size()) +
                       " unfinished slice(s) or slab(s) left out (" + first + ")");
  }
  volumes = std::move(finished);
  measured = std::move(measured_of_finished);
}

void warn_of_mixed(const MixedCounters& mixed, std::vector<std::string>& warnings) {
  const auto warn = [&](bool found, const std::string& what) {
    if (found) {
      warnings.push_back("lines that differ in " + what + " were measured at one place and are averaged");
    }
  };
  warn(mixed.segment, "idx.segment");
  warn(mixed.user, "idx.user");
  warn(mixed.none, "no counter");
}

}  // namespace

RawCompleteness check_complete(RawVolumes& volumes, const std::vector<Acquisition>& lines,
                               const KspacePlacement& placement, bool allow_undersampled) {
  const std::int64_t matrix_lines = placement.height() * placement.depth();
  RawCompleteness result;
  std::vector<Measured> measured;
  MixedCounters mixed;
  for (RawVolume& volume : volumes.volumes) {
    AcquiredLines acquired(matrix_lines);
    for (const std::size_t index : volume.all_lines()) {
      if (const auto line = placement.line_of(lines[index], index)) {
        acquired.add(*line, lines[index]);
      }
    }
    volume.calibrated =
        volume.calibrated || has_dense_centre(lines_along_y(acquired.acquired(), placement.height())) ||
        (placement.depth() > 1 && SlabSampling(acquired.acquired(), placement.height(), placement.depth()).fills());
    measured.push_back({acquired.acquired(), acquired.count(), placement.missing_lines(acquired.acquired())});
    mixed |= acquired.mixed();
  }
  if (placement.depth() > 1) {
    accept_elliptical(placement, measured, result.warnings);
  }
  accept_accelerated(volumes.volumes, measured, placement.depth() > 1, result.warnings);
  accept_partial_fourier(volumes.volumes, lines, placement, measured, result.warnings);
  const std::optional<std::size_t> undersampled = undersampled_volume(volumes.volumes, measured);
  if (undersampled.has_value() && !allow_undersampled) {
    if (measured[*undersampled].count == 0) {
      refuse("no line of " + volumes.volumes[*undersampled].name() + " lies in the encoded matrix of " +
             std::to_string(placement.height()) + " x " + std::to_string(placement.depth()) +
             " lines, whose centre is at the encoding steps " + std::to_string(placement.center_y()) + ", " +
             std::to_string(placement.center_z()) + "; encoding limits with the centre of k-space would be right");
    }
    const bool half = PartialFourier::of(measured[*undersampled].lines, placement).has_value();
    refuse("undersampled: slice " + std::to_string(volumes.volumes[*undersampled].key[0]) + " has " +
           share_of(measured[*undersampled]) +
           (half ? " (the scan was stopped, or is partial Fourier that the encoding limits do not tell)" : "") +
           (volumes.calibration_left_out.empty() ? "" : "; " + volumes.calibration_left_out) +
           "; reconstruct it first, or --allow-undersampled takes missing lines as zero");
  }
  result.zero_filled = undersampled.has_value();
  if (result.zero_filled) {
    result.warnings.emplace_back("undersampled: missing lines are zero, or filled in as far as they can be");
  }
  if (!allow_undersampled) {
    leave_out_unfinished(volumes.volumes, measured, result.warnings);
  }
  std::int64_t count = 0;
  for (const Measured& own : measured) {
    count += own.count;
  }
  const std::int64_t all = matrix_lines * static_cast<std::int64_t>(volumes.volumes.size());
  result.zero_fraction = 1.0 - static_cast<double>(count) / static_cast<double>(all);
  warn_of_mixed(mixed, result.warnings);
  return result;
}

}  // namespace mriembed::io
