#include "live_scan.hpp"

#include <ismrmrd/ismrmrd.h>

#include <algorithm>
#include <utility>

#include "echo_check.hpp"
#include "mrd_raw.hpp"
#include "mriembed/error.hpp"
#include "preprocessing/preprocessing_version.hpp"
#include "raw_completeness.hpp"
#include "raw_noise.hpp"
#include "size_limits.hpp"

namespace mriembed::io {

namespace {

constexpr std::int64_t acquisition_header_bytes = 340;
constexpr std::int64_t most_times_larger = 64;  // as check_justified() has it

}  // namespace

LiveScan::LiveScan(MrdHeader header, ReadOptions options, std::vector<MeasuredNoise> others)
    : header_(std::move(header)),
      options_(std::move(options)),
      others_(std::move(others)),
      averages_(header_.encodings.front().averages),
      held_(std::make_shared<HeldAcquisitions>()) {}

void LiveScan::add(const Acquisition& line, std::span<const std::complex<float>> samples) {
  const std::size_t index = count_++;
  bytes_ += acquisition_header_bytes + static_cast<std::int64_t>(samples.size_bytes());
  if (assembler_.has_value()) {
    take(line, index, samples);
    return;
  }
  held_->add(line, samples);
  if (kind_of(line) != LineKind::imaging || held_to_end_) {
    return;
  }
  if (!begun_) {
    begin(line);
  }
  const bool several_partitions = line.kspace_encode_step_2 != first_.kspace_encode_step_2;
  if (!held_to_end_ && (header_.encodings.front().encoded.z == 1 || several_partitions)) {
    place_held(several_partitions);
  }
}

void LiveScan::begin(const Acquisition& first) {
  begun_ = true;
  first_ = first;
  const MrdEncoding& encoding = header_.encodings.front();
  const bool one_step = !encoding.kspace_encode_step_2.has_value() ||
                        encoding.kspace_encode_step_2->minimum == encoding.kspace_encode_step_2->maximum;
  held_to_end_ = header_.encodings.size() > 1 || (encoding.encoded.z > 1 && one_step);
  if (held_to_end_) {
    return;
  }
  check_encoding(header_, encoding);
  if (first.coils == 0) {
    refuse("its acquisitions have no coils");
  }
}

void LiveScan::place_held(bool several_partitions) {
  MrdEncoding encoding = header_.encodings.front();
  const bool cartesian = encoding.trajectory != "epi";
  if (is_echo_planar(held_->headers(), first_.encoding_space)) {
    encoding.trajectory = "epi";
  }
  const Acquisition& first = first_;
  std::vector<std::size_t> noise_lines;
  for (std::size_t index = 0; index < count_; ++index) {
    if (kind_of(held_->headers()[index]) == LineKind::noise) {
      noise_lines.push_back(index);
    }
  }
  check_extents(first.coils, 1, 1, 1);
  ScanNoise noise = options_.noise == NoiseUse::own ? noise_of_scan(header_, *held_, noise_lines, first.coils, others_)
                                                    : without_noise(first.coils, !noise_lines.empty());
  const auto center_of = [](std::uint16_t user) {
    return user != 0 ? std::optional<std::int64_t>(user) : std::nullopt;
  };
  LineFacts facts;
  facts.first = first;
  facts.several_partitions = several_partitions;
  facts.user_center_1 = center_of(first.user[5]);
  facts.user_center_2 = center_of(first.user[6]);
  SliceAssembler assembler(encoding, facts, noise.coils);
  const KspacePlacement& placement = assembler.placement();
  held_to_end_ = placement.needs_signal();
  if (held_to_end_) {
    return;
  }
  check_extents(static_cast<std::int64_t>(noise.coils.size()), placement.depth(), placement.height(),
                placement.width());
  check_plane(placement.height(), placement.width());
  header_.encodings.front() = encoding;
  if (cartesian && assembler.epi() != nullptr) {
    warn(cartesian_by_name);
  }
  noise_ = std::move(noise);
  coils_ = first.coils;
  assembler_.emplace(std::move(assembler));
  const bool completes_along_z = assembler_->placement().depth() > 1 && encoding.acceleration.z > 1;
  if (listener_ && assembler_->epi() == nullptr && !completes_along_z) {
    assembler_->set_listener(listener_);
    assembler_->set_expected_averages(averages_);
  }
  warn(noise_.warnings);
  if (first.encoding_space != 0) {
    warn("its lines name encoding space " + std::to_string(first.encoding_space) +
         ", which the header does not have: they are taken to be those of its only one");
  }
  const std::shared_ptr<HeldAcquisitions> held = std::exchange(held_, nullptr);
  for (std::size_t index = 0; index < count_; ++index) {
    if (kind_of(held->headers()[index]) != LineKind::noise) {
      take(held->headers()[index], index, held->samples_of(index));
    }
  }
}

std::array<std::int64_t, 3> LiveScan::shape() const {
  const KspacePlacement& placement = assembler_->placement();
  return {static_cast<std::int64_t>(noise_.coils.size()), placement.height(), placement.width()};
}

bool LiveScan::lacks_lines(std::uint16_t slice) const {
  const KspacePlacement& placement = assembler_->placement();
  const LineSpan covered = placement.covered_y();
  const std::int64_t most = placement.height() / whole_end_share;
  return header_.encodings.front().acceleration.y > 1 || separate_.have_calibration_of(slice) || covered.begin > most ||
         placement.height() - covered.end > most;
}

void LiveScan::take(const Acquisition& line, std::size_t index, std::span<const std::complex<float>> samples) {
  const LineKind kind = kind_of(line);
  if (kind == LineKind::imaging && line.encoding_space == first_.encoding_space) {
    add_imaging(line, index, samples);
  } else if (kind == LineKind::imaging) {
    warn("imaging lines of encoding space " + std::to_string(line.encoding_space) + " are left out");
  } else if (kind == LineKind::noise) {
    warn("noise lines behind the first imaging line are left out");
  } else if (kind == LineKind::calibration && line.encoding_space != first_.encoding_space) {
    warn("ACS lines of encoding space " + std::to_string(line.encoding_space) + " are left out");
  } else if (line.encoding_space != first_.encoding_space || line.coils != coils_) {
    return;
  } else if (kind == LineKind::calibration) {
    if (const auto place = assembler_->placement().place_of(line)) {
      take_calibration(hold(line, index, samples), *place);
    }
  } else if (kind == LineKind::phase_correction && assembler_->epi() != nullptr && line.samples == first_.samples) {
    separate_.add_navigator(hold(line, index, samples));
  } else if (kind == LineKind::phase_correction && assembler_->epi() == nullptr &&
             line.has(ISMRMRD::ISMRMRD_ACQ_IS_REVERSE)) {
    warn("phase-correction lines behind the first imaging line of a scan that is not named echo-planar are left out");
  }
}

void LiveScan::take_calibration(const HeldLine& calibration, std::int64_t place) {
  separate_.add_calibration(calibration, place);
  const VolumeKey key = key_of(calibration->line);
  if (const auto volume = open_.find(key); volume != open_.end() && volume->second.placed) {
    volume->second.early_calibration.place(calibration, *assembler_);
  }
}

void LiveScan::place_calibration(const VolumeKey& key, OpenVolume& volume) {
  for (const HeldLine& calibration : separate_.own_calibration_of(key)) {
    volume.early_calibration.place(calibration, *assembler_);
  }
}

void LiveScan::add_imaging(const Acquisition& line, std::size_t index, std::span<const std::complex<float>> samples) {
  if (line.coils != coils_) {
    refuse("acquisition " + std::to_string(index) + " has " + std::to_string(line.coils) +
           " coils where the first imaging line has " + std::to_string(coils_));
  }
  if (line.trajectory_dimensions > 0) {
    warn(trajectories_left_out);
  }
  const VolumeKey key = key_of(line);
  if (finished_.contains(key)) {
    const bool further_average = line.average >= averages_;
    warn("lines of slice " + std::to_string(key[0]) + " that came after it was whole are left out" +
         (further_average ? ": its row holds fewer averages than were measured, for the header does not tell of them "
                            "(encodingLimits, average)"
                          : ""));
    averages_ = std::max(averages_, std::int64_t{line.average} + 1);  // the next slices wait for as many
    assembler_->set_expected_averages(averages_);
    return;
  }
  const KspacePlacement& placement = assembler_->placement();
  const std::optional<std::int64_t> at = placement.line_of(line, index);
  static_cast<void>(
      placement.readout_of(assembler_->epi() != nullptr ? assembler_->epi()->placed_as(line) : line, index));
  for (const VolumeKey& ended : repetitions_.ended_before(key)) {
    const auto found = open_.find(ended);
    if (found != open_.end() && ends().is_complete(ended, found->second)) {
      ready_.push_back(ended);
    }
  }
  const bool new_volume = !open_.contains(key);
  const auto before = new_volume && ready_.empty() ? open_.find(repetitions_.last_volume()) : open_.end();
  if (before != open_.end() && ends().is_whole_accelerated(before->first, before->second)) {
    ready_.push_back(before->first);
  }
  repetitions_.add(key, new_volume, line.has(ISMRMRD::ISMRMRD_ACQ_LAST_IN_REPETITION) && line.average + 1 >= averages_);
  OpenVolume& volume = open_.try_emplace(key, key, header_.encodings.front().acceleration.y).first->second;
  volume.lines.push_back(line);
  volume.first = new_volume ? index : volume.first;
  volume.last = index;
  volume.calibrated = volume.calibrated || line.has(ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION_AND_IMAGING);
  const bool knew_gaps = volume.early_calibration.knows_gaps();
  if (at.has_value()) {
    volume.early_calibration.make_way(*at, *assembler_);
  }
  if (volume.placed) {
    assembler_->add(key, line, index, samples);
    if (!knew_gaps && volume.early_calibration.knows_gaps()) {
      place_calibration(key, volume);
    }
  } else {
    volume.pending.push_back(hold(line, index, samples));
    // Both directions of an echo-planar readout are told apart by the order of all lines, calibration among them.
    const bool justified =
        static_cast<std::int64_t>(volume.pending.size()) * most_times_larger >= placement.height() * placement.depth();
    if (justified && assembler_->epi() == nullptr) {
      place(key, volume);
      place_calibration(key, volume);
    }
  }
  if (at.has_value()) {
    const std::int64_t y = *at % placement.height();
    const std::int64_t z = *at / placement.height();
    const LineSpan covered_y = placement.covered_y();
    const LineSpan covered_z = placement.covered_z();
    const bool inside = y >= covered_y.begin && y < covered_y.end && z >= covered_z.begin && z < covered_z.end;
    volume.places.add(*at, inside);
  }
  if (ends().is_ended_by(line, key, volume)) {
    ready_.push_back(key);
  }
}

void LiveScan::place(const VolumeKey& key, OpenVolume& volume) {
  for (const HeldLine& held : std::exchange(volume.pending, {})) {
    assembler_->add(key, held->line, held->index, held->samples);
  }
  volume.placed = true;
}

void LiveScan::finish(const VolumeKey& key) {
  OpenVolume volume = std::move(open_.at(key));
  open_.erase(key);
  finished_.insert(key);
  RawVolumes alone;
  std::vector<Acquisition> lines;
  alone.volumes.push_back(ends().described(key, volume, lines));
  if (finished_.size() == 1) {
    reference_ = alone.volumes.front();
    reference_lines_ = lines;
  }
  warn(check_complete(alone, lines, assembler_->placement(), true).warnings);
  if (const auto warning = warning_of_directions(alone.volumes.front(), lines);
      warning.has_value() && assembler_->epi() == nullptr) {
    warn(*warning);
  }
  std::vector<HeldLine> repeated;
  for (const HeldLine& held : separate_.calibration_of(key)) {
    if (volume.places.contains(*assembler_->placement().place_of(held->line))) {
      repeated.push_back(held);
    } else if (!volume.early_calibration.has_placed(held->index)) {
      volume.pending.push_back(held);
    }
  }
  std::ranges::sort(volume.pending, {}, &MeasuredLine::index);
  for (const HeldLine& navigator : separate_.navigators_of(key)) {
    assembler_->add_navigator(key, navigator->line, navigator->index, navigator->samples);
  }
  place(key, volume);
  for (const HeldLine& held : repeated) {
    assembler_->add_repeated(key, held->line, held->index, held->samples);
  }
  assembler_->finish(key);
  partition_ = 0;
  if (finished_.size() == 1) {
    const KspacePlacement& placement = assembler_->placement();
    warn(assembler_->geometry().notes);
    warn(placement.notes());
    warn(assembler_->calibration_warnings());
    warn(warnings_of_echo(assembler_->finished(), static_cast<std::int64_t>(noise_.coils.size()), placement.height(),
                          placement.width(), {placement.other_centres_y(), placement.other_centres_x()}));
  }
  if (assembler_->epi() != nullptr) {
    warn(assembler_->epi()->warnings());
  }
  separate_.forget(key);
}

void LiveScan::end() {
  if (assembler_.has_value()) {
    end_unfinished();
    return;
  }
  noise_.own = noise_of(*held_);
  if (begun_) {
    held_scan_ = open_mrd_raw(header_, held_, bytes_, options_, others_);
    noise_.covariance = held_scan_->noise_covariance();
    if (noise_.covariance.has_value() && !noise_.own.has_value()) {
      const auto dead = static_cast<std::int64_t>(noise_.covariance->dead_channels.size());
      noise_.source = fitting_noise(others_, header_, noise_.covariance->coils + dead)->name;
    }
    warn(held_scan_->summary().warnings);
  }
}

// Volumes that are not whole, as a file's are looked at, beside one that was whole, where there is any.
void LiveScan::end_unfinished() {
  while (!ready_.empty() && finished_.empty()) {
    finish(ready_.front());
    ready_.pop_front();
  }
  std::vector<VolumeKey> keys;
  for (const auto& [key, volume] : open_) {
    if (std::ranges::find(ready_, key) == ready_.end()) {
      keys.push_back(key);
    }
  }
  if (keys.empty()) {
    return;
  }
  // In the order of their measurement, by which the last one is told; then by their keys.
  std::ranges::sort(keys, {}, [&](const VolumeKey& key) { return open_.at(key).last; });
  std::vector<Acquisition> lines = reference_lines_;
  RawVolumes rest;
  for (const VolumeKey& key : keys) {
    rest.volumes.push_back(ends().described(key, open_.at(key), lines));
  }
  if (!finished_.empty()) {
    rest.volumes.push_back(reference_);
  }
  std::ranges::sort(rest.volumes, {}, &RawVolume::key);
  warn(check_complete(rest, lines, assembler_->placement(), options_.allow_undersampled).warnings);
  for (const RawVolume& volume : rest.volumes) {
    if (open_.contains(volume.key)) {
      ready_.push_back(volume.key);
    }
  }
}

bool LiveScan::next(Slice& slice) {
  if (held_scan_ != nullptr) {
    if (slices_ == held_scan_->summary().slices) {
      return false;
    }
    held_scan_->read(slices_++, slice);
    return true;
  }
  if (!assembler_.has_value()) {
    return false;
  }
  if (finished_.empty() || partition_ == assembler_->partitions()) {
    if (ready_.empty()) {
      return false;
    }
    const VolumeKey key = ready_.front();
    ready_.pop_front();
    finish(key);
  }
  assembler_->take_slice(partition_++, slice);
  ++slices_;
  return true;
}

std::optional<MeasuredNoise> LiveScan::measured_noise() const {
  std::optional<MeasuredNoise> noise = noise_.own;
  if (noise.has_value()) {
    noise->measurement_id = header_.measurement_id;
    noise->name = header_.measurement_id;
    noise->coil_names = header_.facts.coil_names;
  }
  return noise;
}

std::vector<std::string> LiveScan::take_warnings() { return std::exchange(warnings_, {}); }

void LiveScan::warn(const std::string& warning) {
  if (known_warnings_.insert(warning).second) {
    warnings_.push_back(warning);
  }
}

void LiveScan::warn(const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) {
    warn(warning);
  }
}

}  // namespace mriembed::io
