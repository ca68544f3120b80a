#include "raw_volumes.hpp"

#include <ismrmrd/ismrmrd.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "acquired_lines.hpp"
#include "calibration_space.hpp"
#include "kernels/grappa.hpp"
#include "size_limits.hpp"
#include "slice_assembler.hpp"

namespace mriembed::io {

namespace {

using LinesOfSpace = std::map<std::uint16_t, std::size_t>;  // number of imaging lines

// How much of an image so many imaging lines of an encoding space may be: the samples of its matrix, where it is not
// all but empty.
std::int64_t matrix_of(const MrdHeader& header, std::uint16_t space, std::size_t lines) {
  if (space >= header.encodings.size()) {
    return 0;
  }
  const Matrix& matrix = header.encodings[space].encoded;
  constexpr std::int64_t most_undersampled = 16;
  const bool filled = static_cast<std::int64_t>(lines) * most_undersampled >= matrix.y * matrix.z;
  return filled ? matrix.x * matrix.y * matrix.z : 0;
}

std::uint16_t largest_space(const MrdHeader& header, const LinesOfSpace& imaging) {
  return std::ranges::max_element(
             imaging, {},
             [&](const auto& entry) { return std::pair(matrix_of(header, entry.first, entry.second), entry.second); })
      ->first;
}

// Whether ACS lines of `space` can be those of an image in `chosen`.
bool calibrates(const MrdHeader& header, std::uint16_t space, std::uint16_t chosen) {
  const std::size_t encodings = header.encodings.size();
  return space == chosen ||
         (space < encodings && chosen < encodings && is_on_one_grid(header.encodings[space], header.encodings[chosen]));
}

void choose_encoding(RawVolumes& result, const MrdHeader& header, std::uint16_t chosen, const LinesOfSpace& imaging) {
  const std::size_t encodings = header.encodings.size();
  if (chosen >= encodings) {
    if (encodings > 1 || imaging.size() > 1) {
      refuse("its imaging lines belong to encoding space " + std::to_string(chosen) + ", but its header has " +
             std::to_string(encodings));
    }
    result.warnings.push_back("its lines name encoding space " + std::to_string(chosen) +
                              ", which the header does not have: they are taken to be those of its only one");
    return;
  }
  result.encoding = chosen;
  for (const auto& [space, lines] : imaging) {
    if (space != chosen && lines > 0) {
      result.warnings.push_back("encoding space " + std::to_string(chosen) + " is read; " + std::to_string(lines) +
                                " imaging lines of encoding space " + std::to_string(space) + " are left out");
    }
  }
  if (encodings > 1) {
    result.notes.push_back("encoding space " + std::to_string(chosen) + " of " + std::to_string(encodings) +
                           " is read");
  }
}

void check_coils(const RawVolumes& volumes, const std::vector<Acquisition>& lines) {
  const std::int64_t coils = lines[volumes.volumes.front().imaging.front()].coils;
  for (const RawVolume& volume : volumes.volumes) {
    for (const std::size_t index : volume.imaging) {
      if (lines[index].coils != coils) {
        refuse("acquisition " + std::to_string(index) + " has " + std::to_string(lines[index].coils) +
               " coils where the first imaging line has " + std::to_string(coils));
      }
    }
  }
  if (coils == 0) {
    refuse("its acquisitions have no coils");
  }
  check_extents(coils, 1, 1, 1);
}

void add_navigators(RawVolumes& result, const Lines& navigators, const std::vector<Acquisition>& lines) {
  std::map<VolumeKey, Lines> of_volume;
  std::map<std::uint16_t, Lines> of_slice;
  const Acquisition& imaging = lines[result.volumes.front().imaging.front()];
  for (const std::size_t index : navigators) {
    const Acquisition& line = lines[index];
    if (result.echo_planar && line.coils == imaging.coils &&
        line.samples == imaging.samples) {  // else it is of another readout
      of_volume[key_of(line)].push_back(index);
      of_slice[line.slice].push_back(index);
    } else {
      ++result.left_out;
    }
  }
  for (RawVolume& volume : result.volumes) {
    if (const auto own = of_volume.find(volume.key); own != of_volume.end()) {
      volume.navigators = own->second;
    } else if (const auto shared = of_slice.find(volume.key[0]); shared != of_slice.end()) {
      volume.navigators = shared->second;
    }
  }
}

// Whether imaging lines of a volume reach from one end of the encoding steps along y to the other, with gaps no wider
// than the header's acceleration leaves. Where it tells none, a dense centre shows that the scan is accelerated.
bool reaches_over_y(const RawVolume& volume, const std::vector<Acquisition>& lines, const MrdEncoding& encoding) {
  const std::optional<EncodingLimit>& limit = encoding.kspace_encode_step_1;
  const bool limited = limit.has_value() && limit->maximum > 0;
  const std::int64_t first = limited ? limit->minimum : 0;
  const std::int64_t last = limited ? limit->maximum : encoding.encoded.y - 1;
  std::set<std::int64_t> steps;
  std::vector<bool> measured(static_cast<std::size_t>(last - first + 1));
  for (const std::size_t index : volume.imaging) {
    const std::int64_t step = lines[index].kspace_encode_step_1;
    steps.insert(step);
    if (step >= first && step <= last) {
      measured[static_cast<std::size_t>(step - first)] = true;
    }
  }
  const std::int64_t widest = has_dense_centre(measured) ? std::max(encoding.acceleration.y, kernels::Grappa::most_gap)
                                                         : encoding.acceleration.y;
  std::int64_t previous = first - 1;
  const auto is_far = [&](std::int64_t step) { return step - std::exchange(previous, step) > widest; };
  return std::ranges::none_of(steps, is_far) && !is_far(last + 1);
}

}  // namespace

Lines RawVolume::all_lines() const {
  Lines all;
  std::ranges::merge(imaging, calibration, std::back_inserter(all));
  return all;
}

std::string RawVolume::name() const {
  constexpr std::array names{"slice", "contrast", "phase", "repetition", "set"};
  std::string text;
  for (std::size_t index = 0; index < names.size(); ++index) {
    if (index == 0 || key.at(index) != 0) {
      text += (text.empty() ? "" : ", ") + std::string(names.at(index)) + " " + std::to_string(key.at(index));
    }
  }
  return text;
}

void check_encoding(const MrdHeader& header, const MrdEncoding& encoding) {
  if (encoding.trajectory != "cartesian" && encoding.trajectory != "epi") {
    refuse("its trajectory is non-Cartesian (\"" + encoding.trajectory +
           "\"); only Cartesian scans can be embedded: grid or reconstruct it first");
  }
  if (header.multiband > 1) {
    refuse("multiband: " + std::to_string(header.multiband) +
           " slices were excited together and lie on top of each other; separate them by a reconstruction first");
  }
}

RawVolumes sorted_volumes(const MrdHeader& header, const std::vector<Acquisition>& lines) {
  LinesOfSpace imaging;
  for (const Acquisition& line : lines) {
    imaging[line.encoding_space] += kind_of(line) == LineKind::imaging ? 1 : 0;
  }
  const std::uint16_t chosen = largest_space(header, imaging);
  LinesOfSpace other_calibration;
  RawVolumes result;
  Lines navigators;
  std::map<VolumeKey, RawVolume> sorted;
  for (std::size_t index = 0; index < lines.size(); ++index) {
    const Acquisition& line = lines[index];
    const LineKind kind = kind_of(line);
    if (kind == LineKind::noise) {
      result.noise.push_back(index);
    } else if (kind == LineKind::calibration && calibrates(header, line.encoding_space, chosen)) {
      result.calibration.push_back(index);
    } else if (kind == LineKind::calibration) {
      ++other_calibration[line.encoding_space];
    } else if (kind == LineKind::phase_correction && line.encoding_space == chosen) {
      navigators.push_back(index);
    } else if (kind != LineKind::imaging) {
      ++result.left_out;
    } else if (line.encoding_space == chosen) {
      RawVolume& volume = sorted[key_of(line)];
      volume.key = key_of(line);
      volume.imaging.push_back(index);
      volume.begun = volume.imaging.front();
      volume.ended = index;
      volume.calibrated = volume.calibrated || line.has(ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION_AND_IMAGING);
    }
  }
  if (sorted.empty()) {
    const auto empty = std::ranges::count_if(lines, [](const Acquisition& line) { return line.samples == 0; });
    refuse("it holds " + std::to_string(lines.size()) + " acquisitions, but no imaging line among them" +
           (empty > 0 ? "; the headers of " + std::to_string(empty) + " give 0 samples" : ""));
  }
  for (auto& [key, volume] : sorted) {
    result.volumes.push_back(std::move(volume));
  }
  choose_encoding(result, header, chosen, imaging);
  for (const auto& [space, number] : other_calibration) {
    result.calibration_left_out +=
        (result.calibration_left_out.empty() ? "" : "; ") + std::to_string(number) + " ACS lines of encoding space " +
        std::to_string(space) +
        " are left out: their trajectory, field of view or centre does not fit encoding space " +
        std::to_string(chosen);
  }
  const MrdEncoding& encoding = header.encodings[result.encoding];
  check_encoding(header, encoding);
  check_coils(result, lines);
  if (std::ranges::any_of(lines, [&](const Acquisition& line) {
        return line.trajectory_dimensions > 0 && kind_of(line) == LineKind::imaging;
      })) {
    result.warnings.emplace_back(trajectories_left_out);
  }
  result.echo_planar = encoding.trajectory == "epi" || is_echo_planar(lines, chosen);
  if (result.echo_planar && encoding.trajectory != "epi") {
    result.warnings.emplace_back(cartesian_by_name);
  }
  add_navigators(result, navigators, lines);
  for (const RawVolume& volume : result.volumes) {
    if (const auto warning = result.echo_planar ? std::nullopt : warning_of_directions(volume, lines)) {
      result.warnings.push_back(*warning);
      break;
    }
  }
  return result;
}

bool is_echo_planar(const std::vector<Acquisition>& lines, std::uint16_t encoding_space) {
  const auto is_there = [&](bool reversed) {
    return std::ranges::any_of(lines, [&](const Acquisition& line) {
      return line.encoding_space == encoding_space && kind_of(line) == LineKind::phase_correction &&
             line.has(ISMRMRD::ISMRMRD_ACQ_IS_REVERSE) == reversed;
    });
  };
  return is_there(false) && is_there(true);
}

std::optional<std::string> warning_of_directions(const RawVolume& volume, const std::vector<Acquisition>& lines) {
  const auto reversed = std::ranges::count_if(
      volume.imaging, [&](std::size_t index) { return lines[index].has(ISMRMRD::ISMRMRD_ACQ_IS_REVERSE); });
  if (reversed == 0 || reversed == static_cast<std::ptrdiff_t>(volume.imaging.size())) {
    return std::nullopt;
  }
  return volume.name() +
         " was read out in both directions, but the scan is not named echo-planar and has no phase-correction lines of "
         "both: a ghost, if there is one, is not corrected";
}

LineFacts facts_of(const RawVolumes& volumes, const std::vector<Acquisition>& lines, const MrdEncoding& encoding) {
  LineFacts facts;
  facts.full_partition = encoding.encoded.z > 1 && std::ranges::any_of(volumes.volumes, [&](const RawVolume& volume) {
                           return reaches_over_y(volume, lines, encoding);
                         });
  facts.first = lines[volumes.volumes.front().imaging.front()];
  bool same_1 = facts.first.user[5] != 0;
  bool same_2 = facts.first.user[6] != 0;
  for (const RawVolume& volume : volumes.volumes) {
    for (const std::size_t index : volume.imaging) {
      const Acquisition& line = lines[index];
      facts.several_partitions =
          facts.several_partitions || line.kspace_encode_step_2 != facts.first.kspace_encode_step_2;
      same_1 = same_1 && line.user[5] == facts.first.user[5];
      same_2 = same_2 && line.user[6] == facts.first.user[6];
    }
  }
  if (same_1) {
    facts.user_center_1 = facts.first.user[5];
  }
  if (same_2) {
    facts.user_center_2 = facts.first.user[6];
  }
  return facts;
}

void add_calibration(RawVolumes& volumes, const std::vector<Acquisition>& lines, const KspacePlacement& placement) {
  using Places = std::map<std::int64_t, std::size_t>;  // the first line of each place
  std::map<VolumeKey, Lines> of_volume;
  std::map<std::uint16_t, Places> of_slice;
  std::size_t of_other_coils = 0;
  for (const std::size_t index : volumes.calibration) {
    const Acquisition& line = lines[index];
    const auto place = placement.place_of(line);
    if (line.coils != lines[volumes.volumes.front().imaging.front()].coils) {
      ++of_other_coils;
    } else if (place.has_value()) {
      of_volume[key_of(line)].push_back(index);
      of_slice[line.slice].try_emplace(*place, index);
    }
  }
  if (of_other_coils > 0) {
    volumes.calibration_left_out += (volumes.calibration_left_out.empty() ? "" : "; ") +
                                    std::to_string(of_other_coils) +
                                    " ACS lines of another number of coils than the image are left out";
  }
  std::size_t used = 0;
  for (RawVolume& volume : volumes.volumes) {
    std::vector<bool> taken(static_cast<std::size_t>(placement.height() * placement.depth()), false);
    for (const std::size_t index : volume.imaging) {
      if (const auto place = placement.line_of(lines[index], index)) {
        taken[static_cast<std::size_t>(*place)] = true;
      }
    }
    const auto take = [&](std::int64_t place, std::size_t index) {
      volume.calibrated = true;
      (taken[static_cast<std::size_t>(place)] ? volume.repeated : volume.calibration).push_back(index);
    };
    if (const auto own = of_volume.find(volume.key); own != of_volume.end()) {
      std::ranges::for_each(own->second, [&](std::size_t index) { take(*placement.place_of(lines[index]), index); });
    } else if (const auto shared = of_slice.find(volume.key[0]); shared != of_slice.end()) {
      std::ranges::for_each(shared->second, [&](const auto& line) { take(line.first, line.second); });
      std::ranges::sort(volume.calibration);
      std::ranges::sort(volume.repeated);
    }
    used += volume.calibration.size();
  }
  volumes.left_out += volumes.calibration.size() - std::min(used, volumes.calibration.size());
}

}  // namespace mriembed::io
