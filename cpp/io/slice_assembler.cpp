#include "slice_assembler.hpp"

#include <ismrmrd/ismrmrd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>
#include <utility>

#include "mriembed/error.hpp"

namespace mriembed::io {

namespace {

double energy_of(std::span<const std::complex<float>> samples) {
  double sum = 0;
  for (const std::complex<float>& sample : samples) {
    sum += static_cast<double>(std::norm(sample));
  }
  return sum;
}

// The mean energy of the lines of each step.
class EnergyOfSteps {
 public:
  void add(std::size_t step, double energy) {
    sums_.resize(std::max(sums_.size(), step + 1), 0.0);
    lines_.resize(sums_.size(), 0);
    sums_[step] += energy;
    ++lines_[step];
  }
  [[nodiscard]] StepEnergies means() const {
    StepEnergies means = sums_;
    for (std::size_t step = 0; step < means.size(); ++step) {
      means[step] /= std::max(1, lines_[step]);
    }
    return means;
  }

 private:
  std::vector<double> sums_;
  std::vector<int> lines_;
};

// Of a readout with the samples `where`, ascending along x.
void copy_readout(const std::complex<float>* samples, const ReadoutPlace& where, bool reversed,
                  std::complex<float>* to) {
  const std::complex<float>* const from = samples + where.first_sample;
  if (reversed) {
    std::reverse_copy(from, from + where.count, to + where.first_x);
  } else {
    std::copy_n(from, where.count, to + where.first_x);
  }
}

MrdEncoding measured_encoding(MrdEncoding encoding, const LineFacts& facts) {
  if (is_flat(encoding, facts)) {
    encoding.encoded.z = encoding.recon.z = 1;
  }
  return encoding;
}

LineFacts placed_facts(LineFacts facts, const std::optional<EpiLines>& epi) {
  if (epi.has_value()) {
    facts.first = epi->placed_as(facts.first);
  }
  return facts;
}

}  // namespace

LineKind kind_of(const Acquisition& line) {
  constexpr std::array others{ISMRMRD::ISMRMRD_ACQ_IS_NAVIGATION_DATA,
                              ISMRMRD::ISMRMRD_ACQ_IS_HPFEEDBACK_DATA,
                              ISMRMRD::ISMRMRD_ACQ_IS_DUMMYSCAN_DATA,
                              ISMRMRD::ISMRMRD_ACQ_IS_RTFEEDBACK_DATA,
                              ISMRMRD::ISMRMRD_ACQ_IS_SURFACECOILCORRECTIONSCAN_DATA,
                              ISMRMRD::ISMRMRD_ACQ_IS_PHASE_STABILIZATION_REFERENCE,
                              ISMRMRD::ISMRMRD_ACQ_IS_PHASE_STABILIZATION};
  if (line.samples == 0) {
    return LineKind::other;  // a marker of the scanner's software, whatever its flags
  }
  const bool dummy = line.has(ISMRMRD::ISMRMRD_ACQ_IS_DUMMYSCAN_DATA);
  if (line.has(ISMRMRD::ISMRMRD_ACQ_IS_PHASECORR_DATA) && !dummy) {
    return LineKind::phase_correction;  // Siemens' scanners mark them as data for feedback, too
  }
  if (std::any_of(others.begin(), others.end(), [&](int flag) { return line.has(flag); })) {
    return LineKind::other;  // a dummy of the noise measurement is one, too
  }
  if (line.has(ISMRMRD::ISMRMRD_ACQ_IS_NOISE_MEASUREMENT)) {
    return LineKind::noise;
  }
  const bool calibration_alone = line.has(ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION) &&
                                 !line.has(ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION_AND_IMAGING);
  return calibration_alone ? LineKind::calibration : LineKind::imaging;
}

SliceAssembler::SliceAssembler(const MrdEncoding& encoding, const LineFacts& facts, std::vector<std::int64_t> coils)
    : geometry_(geometry_of(measured_encoding(encoding, facts))),
      stated_epi_(encoding.trajectory == "epi"),
      epi_(stated_epi_ ? std::optional<EpiLines>(std::in_place, encoding, geometry_, facts.first) : std::nullopt),
      placement_(encoding, geometry_, placed_facts(facts, epi_)),
      partition_thickness_mm_(encoding.encoded_fov.z / static_cast<double>(encoding.encoded.z)),
      coils_(std::move(coils)) {}

std::int64_t SliceAssembler::partitions() const { return std::min(geometry_.image.z, placement_.depth()); }

SliceGeometry SliceAssembler::slice_geometry() const {
  SliceGeometry geometry;
  geometry.readout_width = geometry_.image.x < placement_.width() ? geometry_.image.x : 0;
  geometry.phase_height = geometry_.image.y < placement_.height() ? geometry_.image.y : 0;
  geometry.pixel_aspect = geometry_.pixel_aspect;
  return geometry;
}

void SliceAssembler::add(const VolumeKey& key, const Acquisition& line, std::size_t index,
                         std::span<const std::complex<float>> samples) {
  const LineDirection direction = direction_of(line);
  const Acquisition placed = epi_.has_value() ? epi_->placed_as(line) : line;
  const std::span<const std::complex<float>> spaced =
      epi_.has_value() ? epi_->samples_of(line, index, samples) : samples;
  if (placement_.needs_signal()) {
    held_.push_back({key, placed, direction, index, {spaced.begin(), spaced.end()}});
  } else {
    place(key, placed, direction, index, spaced);
  }
}

void SliceAssembler::add_navigator(const VolumeKey& key, const Acquisition& line, std::size_t index,
                                   std::span<const std::complex<float>> samples) {
  if (!stated_epi_) {
    return;
  }
  const Acquisition placed = epi_->placed_as(line);
  const std::span<const std::complex<float>> spaced = epi_->samples_of(line, index, samples);
  const ReadoutPlace where = placement_.readout_of(placed, index);
  std::vector<std::complex<float>> rows(coils_.size() * static_cast<std::size_t>(placement_.width()));
  for (std::size_t coil = 0; coil < coils_.size(); ++coil) {
    copy_readout(spaced.data() + coils_[coil] * placed.samples, where, direction_of(placed) == LineDirection::reversed,
                 rows.data() + static_cast<std::int64_t>(coil) * placement_.width());
  }
  epi_->add_navigator(key, {direction_of(line), line.average, index}, rows, placement_.width());
}

void SliceAssembler::add_repeated(const VolumeKey& key, const Acquisition& line, std::size_t index,
                                  std::span<const std::complex<float>> samples) {
  const Acquisition placed = epi_.has_value() ? epi_->placed_as(line) : line;
  const std::optional<std::int64_t> at = placement_.place_of(placed);
  if (!at.has_value()) {
    return;
  }
  ReadoutPlace where;
  std::span<const std::complex<float>> spaced;
  try {
    where = placement_.readout_of(placed, index);
    spaced = epi_.has_value() ? epi_->samples_of(line, index, samples) : samples;
  } catch (const Error&) {
    return;  // the image does not need it
  }
  PlacedReadout readout{*at, where, {}};
  readout.samples.resize(coils_.size() * static_cast<std::size_t>(where.count));
  const ReadoutPlace alone{where.first_sample, where.count, 0};
  for (std::size_t coil = 0; coil < coils_.size(); ++coil) {
    copy_readout(spaced.data() + coils_[coil] * placed.samples, alone, placed.has(ISMRMRD::ISMRMRD_ACQ_IS_REVERSE),
                 readout.samples.data() + static_cast<std::int64_t>(coil) * where.count);
  }
  volume_of(key).calibration.add_repeated(std::move(readout));
}

void SliceAssembler::forget(const VolumeKey& key, std::int64_t line) {
  Volume& volume = volumes_.at(key);
  volume.averages.forget(line);
  if (volume.told[static_cast<std::size_t>(line)]) {
    volume.told[static_cast<std::size_t>(line)] = false;
    --volume.told_lines;
    tell(key, volume, line, true);
  }
}

const AcquiredLines* SliceAssembler::acquired(const VolumeKey& key) const {
  const auto found = volumes_.find(key);
  return found == volumes_.end() ? nullptr : &found->second.acquired;
}

void SliceAssembler::drop(const VolumeKey& key) {
  volumes_.erase(key);
  if (epi_.has_value()) {
    epi_->drop(key);
  }
  std::erase_if(held_, [&](const Held& held) { return held.key == key; });
}

void SliceAssembler::finish(const VolumeKey& key) {
  find_centres();
  Volume volume = std::move(volume_of(key));
  volumes_.erase(key);
  const std::int64_t width = placement_.width();
  for (std::int64_t line = 0; line < lines(); ++line) {
    if (volume.averages.of(line) == 0) {
      for (std::size_t coil = 0; coil < coils_.size(); ++coil) {
        std::fill_n(volume.samples.data() + (static_cast<std::int64_t>(coil) * lines() + line) * width, width, 0);
      }
    }
  }
  volume.averages.divide(volume.samples);
  finished_sampling_.clear();
  finished_partitions_.clear();
  const Calibration calibration = take_calibration(key, volume);
  if (placement_.depth() > 1) {
    const SlabSampling sampling = sampling_of(volume, calibration);
    finished_sampling_ = sampling.text();
    make_partitions(key, volume, sampling, calibration);
  } else {
    correct_directions(key, volume);
    if (epi_.has_value()) {
      take_back(key, volume);
    } else {
      tell_of_others(key, volume);
    }
    fill_slice(volume, calibration);
  }
  finished_averages_ = volume.averages.fewest();
  finished_key_ = key;
  finished_line_ = volume.line;
  spare_ = std::exchange(finished_, std::move(volume.samples));
}

void SliceAssembler::take_slice(std::int64_t partition, Slice& slice) {
  const std::int64_t plane = placement_.height() * placement_.width();
  slice.label = {finished_key_[0], finished_key_[1], finished_key_[2],
                 finished_key_[3], finished_key_[4], static_cast<int>(partition)};
  slice.label.position_mm = position_of(partition);
  slice.label.sample_time_us = sample_time_us();
  slice.label.averages = finished_averages_;
  slice.channels = static_cast<std::int64_t>(coils_.size());
  slice.height = placement_.height();
  slice.width = placement_.width();
  slice.geometry = slice_geometry();
  slice.label.slab_sampling = finished_sampling_;
  slice.network_input.clear();
  if (placement_.depth() == 1) {
    std::swap(slice.samples, finished_);
    return;
  }
  if (!finished_partitions_.empty()) {
    std::swap(slice.samples, finished_partitions_[static_cast<std::size_t>(partition)]);
    return;
  }
  slice.samples.resize(static_cast<std::size_t>(slice.channels * plane));
  const std::int64_t z = kept_partitions().begin + partition;
  for (std::int64_t coil = 0; coil < slice.channels; ++coil) {
    std::copy_n(finished_.data() + (coil * placement_.depth() + z) * plane, plane, slice.samples.data() + coil * plane);
  }
}

double SliceAssembler::sample_time_us() const {
  const auto time = static_cast<double>(finished_line_.sample_time_us);
  return std::isfinite(time) && time > 0 && !(epi_.has_value() && epi_->regrids()) ? time : 0;
}

// The header tells where the middle of the excited slice or slab lies; partitions lie side by side along its normal.
std::optional<std::array<double, 3>> SliceAssembler::position_of(std::int64_t partition) const {
  const auto& [line_position, normal] = std::tie(finished_line_.position_mm, finished_line_.normal);
  const auto is_set = [](float coordinate) { return coordinate != 0; };
  const bool given = std::ranges::any_of(line_position, is_set) || std::ranges::any_of(normal, is_set);
  const bool slab = placement_.depth() > 1;
  if (!given || (slab && (partition_thickness_mm_ <= 0 || std::ranges::none_of(normal, is_set)))) {
    return std::nullopt;
  }
  const auto beside = static_cast<double>(slab ? partition - partitions() / 2 : 0);
  std::array<double, 3> position{};
  for (std::size_t axis = 0; axis < position.size(); ++axis) {
    position[axis] = double{line_position[axis]} + beside * partition_thickness_mm_ * double{normal[axis]};
    if (!std::isfinite(position[axis])) {
      return std::nullopt;
    }
  }
  return position;
}

SliceAssembler::Volume& SliceAssembler::volume_of(const VolumeKey& key) {
  const auto found = volumes_.find(key);
  if (found != volumes_.end()) {
    return found->second;
  }
  const auto count = static_cast<std::size_t>(lines());
  std::vector<std::complex<float>>& memory = spare_.empty() ? finished_ : spare_;
  Volume volume{std::exchange(memory, {}),
                AcquiredLines(lines()),
                LineAverages(static_cast<std::int64_t>(coils_.size()), lines(), placement_.width()),
                std::vector<bool>(count),
                0,
                std::vector<LineDirection>(count, LineDirection::none),
                std::vector<bool>(count),
                {},
                SeparateCalibration(static_cast<std::int64_t>(coils_.size()), lines(), placement_.width()),
                {},
                {},
                nullptr,
                false,
                nullptr};
  volume.samples.resize(coils_.size() * count * static_cast<std::size_t>(placement_.width()));
  return volumes_.emplace(key, std::move(volume)).first->second;
}

void SliceAssembler::place(const VolumeKey& key, const Acquisition& line, LineDirection direction, std::size_t index,
                           std::span<const std::complex<float>> samples) {
  const std::optional<std::int64_t> at = placement_.line_of(line, index);
  const ReadoutPlace where = placement_.readout_of(line, index);
  if (!at.has_value()) {
    return;
  }
  Volume& volume = volume_of(key);
  volume.acquired.add(*at, line);
  volume.line = line;
  volume.time.add(line.time_stamp);
  LineDirection& known = volume.directions[static_cast<std::size_t>(*at)];
  const bool again = volume.averages.of(*at) > 0;
  const bool turned = epi_.has_value() && again && known != direction;
  if (turned && volume.other_direction == nullptr) {
    volume.other_direction = std::make_unique<OtherDirection>(
        OtherDirection{std::vector<std::complex<float>>(volume.samples.size()),
                       LineAverages(static_cast<std::int64_t>(coils_.size()), lines(), placement_.width())});
  }
  std::vector<std::complex<float>>& all = turned ? volume.other_direction->samples : volume.samples;
  const bool first = (turned ? volume.other_direction->averages : volume.averages).count(*at, where, all);
  volume.calibration.add(*at, where, kind_of(line) == LineKind::calibration, !again);
  if (!turned) {
    known = !again || known == direction ? direction : LineDirection::both;
  }
  volume.second[static_cast<std::size_t>(*at)] = volume.of_segment[line.segment]++ % 2 == 1;
  const bool reversed = line.has(ISMRMRD::ISMRMRD_ACQ_IS_REVERSE);
  const std::int64_t width = placement_.width();
  for (std::size_t coil = 0; coil < coils_.size(); ++coil) {
    std::complex<float>* const row = all.data() + (static_cast<std::int64_t>(coil) * lines() + *at) * width;
    const std::complex<float>* const readout = samples.data() + coils_[coil] * line.samples;
    std::complex<float>* const to = row + where.first_x;
    if (!first) {
      const std::complex<float>* const from = readout + where.first_sample;
      for (std::int64_t x = 0; x < where.count; ++x) {
        to[x] += from[reversed ? where.count - 1 - x : x];
      }
      continue;
    }
    std::fill(row, to, 0);
    copy_readout(readout, where, reversed, row);
    std::fill(to + where.count, row + width, 0);
  }
  tell_of(key, volume, *at);
}

void SliceAssembler::tell_of(const VolumeKey& key, Volume& volume, std::int64_t line) {
  if (!tells_of(volume)) {
    return;
  }
  const bool again = volume.told[static_cast<std::size_t>(line)];
  if (!again && volume.averages.of(line) < expected_averages_) {
    return;
  }
  if (!again) {
    volume.averages.divide_ahead(line, volume.samples);
    volume.told[static_cast<std::size_t>(line)] = true;
    ++volume.told_lines;
  }
  tell(key, volume, line, again);
}

void SliceAssembler::tell_of_others(const VolumeKey& key, Volume& volume) {
  if (volume.told_lines == 0 || volume.told_lines == volume.acquired.count()) {
    return;
  }
  for (std::int64_t line = 0; line < lines() && tells_of(volume); ++line) {
    if (volume.averages.of(line) > 0 && !volume.told[static_cast<std::size_t>(line)]) {
      tell(key, volume, line, false);
    }
  }
}

void SliceAssembler::tell(const VolumeKey& key, Volume& volume, std::int64_t line, bool again) {
  constexpr std::int64_t share = 8;
  if (placement_.depth() == 1) {
    listener_({key, 0, line, again, volume.samples.data()});
  } else if (again) {
    leave_partitions(key, volume);
  } else if (volume.ahead != nullptr) {
    add_to_partitions(key, volume, line);
  } else if (volume.acquired.count() * share >= lines()) {
    begin_partitions(key, volume);
  }
}

void SliceAssembler::find_centres() {
  if (!placement_.needs_signal()) {
    return;
  }
  EnergyOfSteps along_y;
  EnergyOfSteps along_z;
  for (const Held& held : held_) {
    const double energy = energy_of(held.samples);
    along_y.add(held.line.kspace_encode_step_1, energy);
    along_z.add(held.line.kspace_encode_step_2, energy);
  }
  placement_.find_centres(along_y.means(), along_z.means());
  for (const Held& held : std::exchange(held_, {})) {
    place(held.key, held.line, held.direction, held.index, held.samples);
  }
}

}  // namespace mriembed::io
