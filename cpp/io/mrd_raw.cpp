#include "mrd_raw.hpp"

#include <ismrmrd/ismrmrd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <map>
#include <numeric>
#include <span>
#include <tuple>
#include <utility>

#include "acquired_lines.hpp"
#include "acquisitions.hpp"
#include "echo_check.hpp"
#include "line_placement.hpp"
#include "noise_measurement.hpp"
#include "refuse.hpp"
#include "slice_assembler.hpp"

namespace mriembed::io {

namespace {

struct Volume {
  VolumeKey key{};
  std::vector<std::size_t> lines;        // indices of its acquisitions, ascending
  std::vector<std::size_t> calibration;  // lines of calibration alone, where no imaging line lies; ascending
  std::vector<std::size_t> navigators;   // of an echo-planar readout, ascending
  bool calibrated = false;               // there are calibration lines, alone or as part of the image

  // Indices of all of them, ascending.
  [[nodiscard]] std::vector<std::size_t> all_lines() const {
    std::vector<std::size_t> all;
    std::ranges::merge(lines, calibration, std::back_inserter(all));
    return all;
  }
};

std::string name_of(const VolumeKey& key) {
  constexpr std::array names{"slice", "contrast", "phase", "repetition", "set"};
  std::string name;
  for (std::size_t index = 0; index < names.size(); ++index) {
    if (index == 0 || key.at(index) != 0) {
      name += (name.empty() ? "" : ", ") + std::string(names.at(index)) + " " + std::to_string(key.at(index));
    }
  }
  return name;
}

// The covariance and the number of samples of each coil, of noise lines of `coils` coils. Lines of a longer dwell time
// have less noise: all count with the power that they would have at the first one's bandwidth.
std::pair<std::optional<NoiseCovariance>, std::int64_t> measured(const Acquisitions& acquisitions,
                                                                 const std::vector<std::size_t>& lines,
                                                                 std::int64_t coils) {
  const std::vector<Acquisition>& headers = acquisitions.headers();
  const float dwell_time = headers[lines.front()].sample_time_us;
  NoiseMeasurement measurement(coils);
  acquisitions.read(lines, [&](std::size_t index, std::span<const std::complex<float>> samples) {
    const Acquisition& line = headers[index];
    const bool known = dwell_time > 0 && line.sample_time_us > 0;
    const double power = known ? double{line.sample_time_us} / double{dwell_time} : 1.0;
    measurement.add(samples, line.discard_pre, line.discard_post, power);
  });
  return {measurement.covariance(), measurement.samples()};
}

class MrdRawReader final : public ScanReader {
 public:
  MrdRawReader(MrdHeader header, std::unique_ptr<Acquisitions> acquisitions, std::int64_t file_size,
               const ReadOptions& options, const std::vector<MeasuredNoise>& other_noise)
      : header_(std::move(header)), acquisitions_(std::move(acquisitions)) {
    if (options.domain.value_or(Domain::kspace) != Domain::kspace) {
      refuse("it holds raw data (k-space); --input image does not fit");
    }
    summary_.format = "MRD raw data";
    summary_.header = header_.facts;
    sort_lines();
    check_encoding();
    count_coils();
    add_navigators();
    if (options.noise == NoiseUse::own) {
      measure_noise(other_noise);
    } else if (!noise_lines_.empty()) {
      summary_.notes.emplace_back("its own noise lines are left out");
    }
    summary_.coils = static_cast<std::int64_t>(coils_.size());
    assembler_.emplace(encoding(), facts_of_lines(), coils_);
    describe_matrix();
    check_size(file_size);
    add_calibration();
    load(0);
    check_complete(options);
    take_notes();
  }

  [[nodiscard]] const ScanSummary& summary() const override { return summary_; }
  [[nodiscard]] const std::optional<NoiseCovariance>& noise_covariance() const override { return noise_; }

  void read(std::int64_t index, Slice& slice) override {
    load(static_cast<std::size_t>(index / assembler_->partitions()));
    assembler_->write_slice(index % assembler_->partitions(), slice);
  }

 private:
  [[nodiscard]] const MrdEncoding& encoding() const { return header_.encodings[space_]; }
  [[nodiscard]] const std::vector<Acquisition>& headers() const { return acquisitions_->headers(); }

  // How much of an image so many imaging lines of an encoding space may be: the samples of its matrix, where it is not
  // all but empty.
  [[nodiscard]] std::int64_t matrix_of(std::uint16_t space, std::size_t lines) const {
    if (space >= header_.encodings.size()) {
      return 0;
    }
    const Matrix& matrix = header_.encodings[space].encoded;
    constexpr std::int64_t most_undersampled = 16;
    const bool filled = static_cast<std::int64_t>(lines) * most_undersampled >= matrix.y * matrix.z;
    return filled ? matrix.x * matrix.y * matrix.z : 0;
  }

  // Takes the encoding space of the largest matrix: imaging lines of another are a separate calibration, as a rule.
  void sort_lines() {
    std::map<std::uint16_t, std::size_t> imaging_lines;
    for (const Acquisition& line : headers()) {
      imaging_lines[line.encoding_space] += kind_of(line) == LineKind::imaging ? 1 : 0;
    }
    const std::uint16_t chosen = std::ranges::max_element(imaging_lines, {}, [this](const auto& entry) {
                                   return std::pair(matrix_of(entry.first, entry.second), entry.second);
                                 })->first;
    std::map<VolumeKey, Volume> sorted;
    for (std::size_t index = 0; index < headers().size(); ++index) {
      const Acquisition& line = headers()[index];
      const LineKind kind = kind_of(line);
      if (kind == LineKind::noise) {
        noise_lines_.push_back(index);
      } else if (kind == LineKind::calibration && line.encoding_space == chosen) {
        calibration_lines_.push_back(index);
      } else if (kind == LineKind::phase_correction && line.encoding_space == chosen) {
        navigator_lines_.push_back(index);
      } else if (kind != LineKind::imaging) {
        ++left_out_;
      } else if (line.encoding_space == chosen) {
        Volume& volume = sorted[key_of(line)];
        volume.key = key_of(line);
        volume.lines.push_back(index);
        volume.calibrated = volume.calibrated || line.has(ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION_AND_IMAGING);
      }
    }
    if (sorted.empty()) {
      refuse("it holds " + std::to_string(headers().size()) + " acquisitions, but no imaging line among them");
    }
    for (auto& [key, volume] : sorted) {
      volumes_.push_back(std::move(volume));
    }
    choose_encoding(chosen, imaging_lines);
  }

  void choose_encoding(std::uint16_t chosen, const std::map<std::uint16_t, std::size_t>& imaging_lines) {
    space_ = chosen;
    if (space_ >= header_.encodings.size()) {
      if (header_.encodings.size() > 1 || imaging_lines.size() > 1) {
        refuse("its imaging lines belong to encoding space " + std::to_string(chosen) + ", but its header has " +
               std::to_string(header_.encodings.size()));
      }
      summary_.warnings.push_back("its lines name encoding space " + std::to_string(chosen) +
                                  ", which the header does not have: they are taken to be those of its only one");
      space_ = 0;
      return;
    }
    for (const auto& [space, lines] : imaging_lines) {
      if (space != chosen && lines > 0) {
        summary_.warnings.push_back("encoding space " + std::to_string(chosen) + " is read; " + std::to_string(lines) +
                                    " imaging lines of encoding space " + std::to_string(space) + " are left out");
      }
    }
    if (header_.encodings.size() > 1) {
      summary_.notes.push_back("encoding space " + std::to_string(chosen) + " of " +
                               std::to_string(header_.encodings.size()) + " is read");
    }
  }

  void check_encoding() const {
    if (encoding().trajectory != "cartesian" && encoding().trajectory != "epi") {
      refuse("its trajectory is non-Cartesian (\"" + encoding().trajectory +
             "\"); only Cartesian scans can be embedded: grid or reconstruct it first");
    }
    if (header_.multiband > 1) {
      refuse("multiband: " + std::to_string(header_.multiband) +
             " slices were excited together and lie on top of each other; separate them by a reconstruction first");
    }
  }

  void count_coils() {
    const std::int64_t coils = headers()[volumes_.front().lines.front()].coils;
    for (const Volume& volume : volumes_) {
      for (const std::size_t index : volume.lines) {
        if (headers()[index].coils != coils) {
          refuse("acquisition " + std::to_string(index) + " has " + std::to_string(headers()[index].coils) +
                 " coils where the first imaging line has " + std::to_string(coils));
        }
      }
    }
    if (coils == 0) {
      refuse("its acquisitions have no coils");
    }
    check_extents(coils, 1, 1, 1);
    coils_.resize(static_cast<std::size_t>(coils));
    std::iota(coils_.begin(), coils_.end(), 0);
  }

  // Gives each volume of an echo-planar scan the navigator lines of its own counters, or else those of its slice.
  void add_navigators() {
    std::map<VolumeKey, std::vector<std::size_t>> of_volume;
    std::map<std::uint16_t, std::vector<std::size_t>> of_slice;
    for (const std::size_t index : navigator_lines_) {
      const Acquisition& line = headers()[index];
      if (encoding().trajectory == "epi" && line.coils == headers()[volumes_.front().lines.front()].coils) {
        of_volume[key_of(line)].push_back(index);
        of_slice[line.slice].push_back(index);
      } else {
        ++left_out_;
      }
    }
    for (Volume& volume : volumes_) {
      if (const auto own = of_volume.find(volume.key); own != of_volume.end()) {
        volume.navigators = own->second;
      } else if (const auto shared = of_slice.find(volume.key[0]); shared != of_slice.end()) {
        volume.navigators = shared->second;
      }
    }
  }

  // The scan's own noise lines, or else those of another measurement.
  void measure_noise(const std::vector<MeasuredNoise>& others) {
    const auto coils = static_cast<std::int64_t>(coils_.size());
    std::string source = "its noise lines";
    if (!noise_lines_.empty()) {
      const bool fitting =
          std::ranges::all_of(noise_lines_, [&](std::size_t index) { return headers()[index].coils == coils; });
      if (!fitting) {
        summary_.warnings.emplace_back("noise lines with another number of coils than the image: no prewhitening");
        return;
      }
      std::tie(noise_, summary_.noise_samples) = measured(*acquisitions_, noise_lines_, coils);
    } else if (const MeasuredNoise* other = fitting_noise(others)) {
      noise_ = other->covariance;
      summary_.noise_samples = other->samples;
      source = "group \"" + other->name + "\"";
      summary_.notes.push_back("noise: of " + source);
    } else {
      return;
    }
    if (!noise_.has_value()) {
      summary_.warnings.push_back("too few noise samples for a covariance of " + std::to_string(coils) +
                                  " coils: no prewhitening");
      return;
    }
    leave_out_dead_coils(source);
  }

  [[nodiscard]] const MeasuredNoise* fitting_noise(const std::vector<MeasuredNoise>& others) const {
    const MeasuredNoise* fitting = nullptr;
    for (const MeasuredNoise& other : others) {
      const bool named = std::ranges::find(header_.noise_sources, other.measurement_id) != header_.noise_sources.end();
      if (other.coils == static_cast<std::int64_t>(coils_.size()) && (fitting == nullptr || named)) {
        fitting = &other;
        if (named) {
          break;
        }
      }
    }
    return fitting;
  }

  void leave_out_dead_coils(const std::string& source) {
    std::vector<std::int64_t> live = live_coils(*noise_);
    if (live.size() == coils_.size()) {
      return;
    }
    if (live.empty()) {
      summary_.warnings.push_back("no coil has noise in " + source + ": no prewhitening");
      noise_.reset();
      return;
    }
    summary_.warnings.push_back(dead_coils_text(live, static_cast<std::int64_t>(coils_.size()), source));
    noise_ = covariance_of(*noise_, live);
    coils_ = std::move(live);
  }

  [[nodiscard]] LineFacts facts_of_lines() const {
    LineFacts facts;
    facts.first = headers()[volumes_.front().lines.front()];
    bool same_1 = facts.first.user[5] != 0;
    bool same_2 = facts.first.user[6] != 0;
    for (const Volume& volume : volumes_) {
      for (const std::size_t index : volume.lines) {
        const Acquisition& line = headers()[index];
        facts.several_partitions = facts.several_partitions || line.step_2 != facts.first.step_2;
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

  // Gives each volume the calibration lines of its own counters, or else one for each place of those of its slice,
  // where no imaging line lies: the centre of an accelerated scan is then whole. Expects that the matrix, times the
  // volumes, was found justified by the file's size: so much is looked at.
  void add_calibration() {
    const LinePlacement& placement = assembler_->placement();
    if (placement.needs_signal()) {
      left_out_ += calibration_lines_.size();
      return;
    }
    using Places = std::map<std::int64_t, std::size_t>;  // the first line of each place
    std::map<VolumeKey, std::vector<std::size_t>> of_volume;
    std::map<std::uint16_t, Places> of_slice;
    for (const std::size_t index : calibration_lines_) {
      const Acquisition& line = headers()[index];
      const auto place = placement.place_of(line);
      if (place.has_value() && line.coils == headers()[volumes_.front().lines.front()].coils) {
        of_volume[key_of(line)].push_back(index);
        of_slice[line.slice].try_emplace(*place, index);
      }
    }
    std::size_t used = 0;
    for (Volume& volume : volumes_) {
      std::vector<bool> taken(static_cast<std::size_t>(placement.height() * placement.depth()), false);
      for (const std::size_t index : volume.lines) {
        if (const auto place = placement.line_of(headers()[index], index)) {
          taken[static_cast<std::size_t>(*place)] = true;
        }
      }
      const auto take = [&](std::int64_t place, std::size_t index) {
        volume.calibrated = true;
        if (!taken[static_cast<std::size_t>(place)]) {
          volume.calibration.push_back(index);
        }
      };
      if (const auto own = of_volume.find(volume.key); own != of_volume.end()) {
        std::ranges::for_each(own->second,
                              [&](std::size_t index) { take(*placement.place_of(headers()[index]), index); });
      } else if (const auto shared = of_slice.find(volume.key[0]); shared != of_slice.end()) {
        std::ranges::for_each(shared->second, [&](const auto& line) { take(line.first, line.second); });
        std::ranges::sort(volume.calibration);
      }
      used += volume.calibration.size();
    }
    left_out_ += calibration_lines_.size() - std::min(used, calibration_lines_.size());
  }

  void describe_matrix() {
    const LinePlacement& placement = assembler_->placement();
    summary_.encoded_x = placement.width();
    summary_.encoded_y = placement.height();
    summary_.encoded_z = placement.depth();
    summary_.geometry = assembler_->slice_geometry();
  }

  void check_size(std::int64_t file_size) const {
    std::int64_t bytes = checked_product(summary_.encoded_y, summary_.encoded_z, "its matrix");
    bytes = checked_product(bytes, summary_.encoded_x * summary_.coils * 8, "its matrix");
    // All together: a file of few lines that number themselves into many slices would keep its reader busy for ever.
    bytes = checked_product(bytes, static_cast<std::int64_t>(volumes_.size()), "its matrix");
    check_justified(bytes, file_size, "its matrix, " + std::to_string(volumes_.size()) + " times,");
    check_extents(summary_.coils, summary_.encoded_z, summary_.encoded_y, summary_.encoded_x);
  }

  // Which lines of the matrix were measured, in every volume.
  void check_complete(const ReadOptions& options) {
    const LinePlacement& placement = assembler_->placement();
    const std::int64_t matrix_lines = placement.height() * placement.depth();
    std::vector<std::int64_t> acquired_in;  // each volume
    std::vector<std::int64_t> missing_in;
    std::vector<std::vector<bool>> lines_in;
    MixedCounters mixed;
    for (Volume& volume : volumes_) {
      AcquiredLines acquired(matrix_lines);
      for (const std::size_t index : volume.all_lines()) {
        if (const auto line = placement.line_of(headers()[index], index)) {
          acquired.add(*line, headers()[index]);
        }
      }
      volume.calibrated = volume.calibrated || has_dense_centre(lines_along_y(acquired.acquired()));
      acquired_in.push_back(acquired.count());
      missing_in.push_back(placement.missing_lines(acquired.acquired()));
      lines_in.push_back(acquired.acquired());
      mixed |= acquired.mixed();
    }
    accept_accelerated(acquired_in, lines_in, missing_in);
    if (!options.allow_undersampled) {
      leave_out_unfinished(acquired_in, missing_in);
    }
    const auto acquired = std::accumulate(acquired_in.begin(), acquired_in.end(), std::int64_t{0});
    summary_.zero_fraction = 1.0 - static_cast<double>(acquired) /
                                       static_cast<double>(matrix_lines * static_cast<std::int64_t>(volumes_.size()));
    summary_.slices = static_cast<std::int64_t>(volumes_.size()) * assembler_->partitions();
    note_mixed(mixed);
  }

  // Lines along y that were measured in every partition in which any line was.
  [[nodiscard]] std::vector<bool> lines_along_y(const std::vector<bool>& acquired) const {
    const std::int64_t height = assembler_->placement().height();
    std::vector<bool> along_y(static_cast<std::size_t>(height), true);
    for (auto partition = acquired.begin(); partition != acquired.end(); partition += height) {
      if (std::find(partition, partition + height, true) != partition + height) {
        std::transform(partition, partition + height, along_y.begin(), along_y.begin(), std::logical_and<>());
      }
    }
    return along_y;
  }

  // Of an accelerated scan with calibration lines each volume is whole that was measured as far as the one of the most
  // lines: the library fills what it misses. Such lines of the others count as missing.
  void accept_accelerated(const std::vector<std::int64_t>& acquired_in, const std::vector<std::vector<bool>>& lines_in,
                          std::vector<std::int64_t>& missing_in) {
    const auto fullest = std::ranges::max_element(acquired_in) - acquired_in.begin();
    const std::int64_t most = acquired_in[static_cast<std::size_t>(fullest)];
    const bool slab = assembler_->placement().depth() > 1;  // whose partitions may lack other lines
    std::int64_t all = 0;                                   // lines, measured and missing
    for (std::size_t index = 0; index < volumes_.size(); ++index) {
      const bool as_far = acquired_in[index] == most ||
                          (!slab && reaches_as_far(lines_in[index], lines_in[static_cast<std::size_t>(fullest)]));
      if (volumes_[index].calibrated && as_far && missing_in[index] > 0) {
        all = acquired_in[index] + missing_in[index];
        missing_in[index] = 0;
      }
    }
    if (all > 0) {
      summary_.warnings.push_back("accelerated: " + std::to_string(most) + " of " + std::to_string(all) +
                                  " lines were measured; the missing ones are filled in as far as they can be");
    }
  }

  // Volumes with lines missing: the last ones of a scan that was stopped are left out, others make it undersampled.
  void leave_out_unfinished(std::vector<std::int64_t>& acquired_in, const std::vector<std::int64_t>& missing_in) {
    const auto whole = static_cast<std::size_t>(std::ranges::count(missing_in, 0));
    if (whole == volumes_.size()) {
      return;
    }
    const auto last_repetition =
        std::ranges::max(volumes_, {}, [](const Volume& volume) { return volume.key[3]; }).key[3];
    const auto last_line = std::ranges::max(volumes_, {}, [](const Volume& volume) { return volume.lines.back(); });
    std::vector<Volume> finished;
    std::vector<std::int64_t> acquired_in_finished;
    std::string stopped;
    for (std::size_t index = 0; index < volumes_.size(); ++index) {
      const Volume& volume = volumes_[index];
      if (missing_in[index] == 0) {
        finished.push_back(volume);
        acquired_in_finished.push_back(acquired_in[index]);
        continue;
      }
      const bool at_the_end = (last_repetition > 0 && volume.key[3] == last_repetition) || volume.key == last_line.key;
      const std::string share = std::to_string(acquired_in[index]) + " of " +
                                std::to_string(acquired_in[index] + missing_in[index]) + " lines";
      if (whole == 0 || !at_the_end) {
        refuse("undersampled: slice " + std::to_string(volume.key[0]) + " has " + share +
               "; reconstruct it first, or --allow-undersampled takes missing lines as zero");
      }
      if (stopped.empty()) {
        stopped = name_of(volume.key) + " has " + share;
      }
    }
    summary_.warnings.push_back("the scan was stopped: " + std::to_string(volumes_.size() - whole) +
                                " unfinished slice(s) or slab(s) left out (" + stopped + ")");
    volumes_ = std::move(finished);
    acquired_in = std::move(acquired_in_finished);
    loaded_.reset();
  }

  void note_mixed(const MixedCounters& mixed) {
    const auto note = [this](const std::string& what) {
      summary_.warnings.push_back("lines that differ in " + what + " were measured at one place and are averaged");
    };
    if (mixed.segment) {
      note("idx.segment");
    }
    if (mixed.user) {
      note("idx.user");
    }
    if (mixed.none) {
      note("no counter");
    }
  }

  void take_notes() {
    const auto take = [](const std::vector<std::string>& from, std::vector<std::string>& to) {
      to.insert(to.end(), from.begin(), from.end());
    };
    if (const EpiLines* epi = assembler_->epi()) {
      take(epi->warnings(), summary_.warnings);
      take(epi->notes(), summary_.notes);
    }
    take(assembler_->geometry().notes, summary_.warnings);
    take(assembler_->placement().notes(), summary_.warnings);
    take(echo_warnings_, summary_.warnings);
    if (left_out_ > 0) {
      summary_.notes.push_back(std::to_string(left_out_) + " lines of calibration, navigation and the like left out");
    }
  }

  // Has the assembler place the lines of a volume.
  void load(std::size_t volume) {
    if (loaded_ == volume) {
      return;
    }
    const bool first = !std::exchange(looked_at_echo_, true);
    loaded_.reset();
    try {
      acquisitions_->read(volumes_[volume].navigators,
                          [&](std::size_t index, std::span<const std::complex<float>> samples) {
                            assembler_->add_navigator(volumes_[volume].key, headers()[index], index, samples);
                          });
      acquisitions_->read(volumes_[volume].all_lines(),
                          [&](std::size_t index, std::span<const std::complex<float>> samples) {
                            assembler_->add(headers()[index], index, samples);
                          });
    } catch (...) {
      assembler_->drop(volumes_[volume].key);
      throw;
    }
    assembler_->finish(volumes_[volume].key);
    loaded_ = volume;
    if (first) {
      echo_warnings_ = warnings_of_echo(assembler_->finished(), summary_.coils, summary_.encoded_y, summary_.encoded_x);
    }
  }

  MrdHeader header_;
  std::unique_ptr<Acquisitions> acquisitions_;
  std::size_t space_ = 0;  // the encoding space that is read
  std::vector<Volume> volumes_;
  std::vector<std::size_t> noise_lines_;
  std::vector<std::size_t> calibration_lines_;  // of calibration alone
  std::vector<std::size_t> navigator_lines_;
  std::size_t left_out_ = 0;
  std::vector<std::int64_t> coils_;  // those that are read
  std::optional<SliceAssembler> assembler_;
  ScanSummary summary_;
  std::optional<NoiseCovariance> noise_;
  std::optional<std::size_t> loaded_;  // the volume that the assembler has finished last
  bool looked_at_echo_ = false;
  std::vector<std::string> echo_warnings_;
};

}  // namespace

std::optional<MeasuredNoise> noise_alone(const Acquisitions& acquisitions) {
  const bool imaging = std::ranges::any_of(acquisitions.headers(),
                                           [](const Acquisition& line) { return kind_of(line) == LineKind::imaging; });
  return imaging ? std::nullopt : noise_of(acquisitions);
}

std::optional<MeasuredNoise> noise_of(const Acquisitions& acquisitions) {
  const std::vector<Acquisition>& headers = acquisitions.headers();
  std::vector<std::size_t> lines;
  for (std::size_t index = 0; index < headers.size(); ++index) {
    if (kind_of(headers[index]) == LineKind::noise &&
        (lines.empty() || headers[index].coils == headers[lines.front()].coils)) {
      lines.push_back(index);
    }
  }
  if (lines.empty() || headers[lines.front()].coils == 0) {
    return std::nullopt;
  }
  MeasuredNoise noise;
  noise.coils = headers[lines.front()].coils;
  check_extents(noise.coils, 1, 1, 1);
  std::tie(noise.covariance, noise.samples) = measured(acquisitions, lines, noise.coils);
  return noise;
}

std::unique_ptr<ScanReader> open_mrd_raw(MrdHeader header, std::unique_ptr<Acquisitions> acquisitions,
                                         std::int64_t file_size, const ReadOptions& options,
                                         const std::vector<MeasuredNoise>& noise) {
  return std::make_unique<MrdRawReader>(std::move(header), std::move(acquisitions), file_size, options, noise);
}

}  // namespace mriembed::io
