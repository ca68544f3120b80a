#include "mrd_raw.hpp"

#include <ismrmrd/ismrmrd.h>

#include <algorithm>
#include <array>
#include <map>

#include "acquisitions.hpp"
#include "line_placement.hpp"
#include "mrd_header.hpp"
#include "noise_measurement.hpp"
#include "partition_transform.hpp"
#include "refuse.hpp"

namespace mriembed::io {

namespace {

// Lines that are measured for other purposes than the image.
bool is_imaging(const Acquisition& line) {
  constexpr std::array others{ISMRMRD::ISMRMRD_ACQ_IS_NOISE_MEASUREMENT,
                              ISMRMRD::ISMRMRD_ACQ_IS_NAVIGATION_DATA,
                              ISMRMRD::ISMRMRD_ACQ_IS_PHASECORR_DATA,
                              ISMRMRD::ISMRMRD_ACQ_IS_HPFEEDBACK_DATA,
                              ISMRMRD::ISMRMRD_ACQ_IS_DUMMYSCAN_DATA,
                              ISMRMRD::ISMRMRD_ACQ_IS_RTFEEDBACK_DATA,
                              ISMRMRD::ISMRMRD_ACQ_IS_SURFACECOILCORRECTIONSCAN_DATA,
                              ISMRMRD::ISMRMRD_ACQ_IS_PHASE_STABILIZATION_REFERENCE,
                              ISMRMRD::ISMRMRD_ACQ_IS_PHASE_STABILIZATION};
  if (std::any_of(others.begin(), others.end(), [&](int flag) { return line.has(flag); })) {
    return false;
  }
  return !line.has(ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION) ||
         line.has(ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION_AND_IMAGING);
}

// slice, contrast, phase, repetition, set
using VolumeKey = std::array<std::uint16_t, 5>;

struct Volume {
  SliceLabel label;
  std::vector<std::size_t> lines;  // indices of its acquisitions, ascending
};

class MrdRawReader final : public ScanReader {
 public:
  MrdRawReader(const Hdf5Handle& group, std::int64_t file_size, const ReadOptions& options)
      : header_(parse_mrd_header(read_text(open_dataset(group, "xml", file_size)))),
        encoding_(header_.encodings.front()),
        acquisitions_(group, file_size) {
    if (options.domain.value_or(Domain::kspace) != Domain::kspace) {
      refuse("it holds raw data (k-space); --input image does not fit");
    }
    if (encoding_.trajectory != "cartesian" && encoding_.trajectory != "epi") {
      refuse("its trajectory is non-Cartesian (\"" + encoding_.trajectory +
             "\"); only Cartesian scans can be embedded: grid or reconstruct it first");
    }
    sort_lines();
    placement_.emplace(encoding_, imaging_headers());
    summary_.format = "MRD raw data";
    summary_.header = header_.facts;
    summary_.encoded_x = placement_->width();
    summary_.encoded_y = encoding_.encoded.y;
    summary_.encoded_z = encoding_.encoded.z;
    summary_.readout_width = placement_->readout_width();
    partitions_ = std::min(encoding_.recon.z, encoding_.encoded.z);
    summary_.slices = static_cast<std::int64_t>(volumes_.size()) * partitions_;
    check_size(file_size);
    check_complete(options);
    measure_noise();
    take_notes();
  }

  [[nodiscard]] const ScanSummary& summary() const override { return summary_; }
  [[nodiscard]] const std::optional<NoiseCovariance>& noise_covariance() const override { return noise_; }

  void read(std::int64_t index, Slice& slice) override {
    const auto volume = static_cast<std::size_t>(index / partitions_);
    const std::int64_t partition = index % partitions_;
    load(volume);
    slice.label = volumes_[volume].label;
    slice.label.partition = static_cast<int>(partition);
    slice.channels = summary_.coils;
    slice.height = encoding_.encoded.y;
    slice.width = placement_->width();
    slice.stacked.clear();
    const std::int64_t plane = slice.height * slice.width;
    slice.samples.resize(static_cast<std::size_t>(slice.channels * plane));
    // Oversampling along z is removed by a centred crop, like that of the readout.
    const std::int64_t z = encoding_.encoded.z / 2 - partitions_ / 2 + partition;
    for (std::int64_t coil = 0; coil < slice.channels; ++coil) {
      std::copy_n(samples_.data() + (coil * encoding_.encoded.z + z) * plane, plane,
                  slice.samples.data() + coil * plane);
    }
  }

 private:
  void sort_lines() {
    std::map<VolumeKey, Volume> sorted;
    std::size_t other_spaces = 0;
    const std::vector<Acquisition>& headers = acquisitions_.headers();
    for (std::size_t index = 0; index < headers.size(); ++index) {
      const Acquisition& line = headers[index];
      if (line.has(ISMRMRD::ISMRMRD_ACQ_IS_NOISE_MEASUREMENT)) {
        noise_lines_.push_back(index);
      } else if (!is_imaging(line)) {
        ++left_out_;
      } else if (line.encoding_space != 0) {
        ++other_spaces;
      } else {
        Volume& volume = sorted[{line.slice, line.contrast, line.phase, line.repetition, line.set}];
        volume.label = {line.slice, line.contrast, line.phase, line.repetition, line.set, 0};
        volume.lines.push_back(index);
      }
    }
    if (sorted.empty()) {
      refuse("it holds " + std::to_string(headers.size()) + " acquisitions, but no imaging line among them");
    }
    for (auto& [key, volume] : sorted) {
      volumes_.push_back(std::move(volume));
    }
    if (other_spaces > 0) {
      summary_.notes.push_back(std::to_string(other_spaces) + " lines of other encoding spaces left out");
    }
    summary_.coils = headers[volumes_.front().lines.front()].coils;
    for (const Volume& volume : volumes_) {
      for (const std::size_t index : volume.lines) {
        if (headers[index].coils != summary_.coils) {
          refuse("acquisition " + std::to_string(index) + " has " + std::to_string(headers[index].coils) +
                 " coils where the first imaging line has " + std::to_string(summary_.coils));
        }
      }
    }
    if (summary_.coils == 0) {
      refuse("its acquisitions have no coils");
    }
  }

  [[nodiscard]] std::vector<Acquisition> imaging_headers() const {
    std::vector<Acquisition> lines;
    for (const Volume& volume : volumes_) {
      for (const std::size_t index : volume.lines) {
        lines.push_back(acquisitions_.headers()[index]);
      }
    }
    return lines;
  }

  void check_size(std::int64_t file_size) {
    std::int64_t bytes = checked_product(encoding_.encoded.y, encoding_.encoded.z, "its matrix");
    bytes = checked_product(bytes, placement_->width() * summary_.coils * 8, "its matrix");
    // All together: a file of few lines that number themselves into many slices would keep its reader busy for ever.
    bytes = checked_product(bytes, static_cast<std::int64_t>(volumes_.size()), "its matrix");
    check_justified(bytes, file_size, "its matrix, " + std::to_string(volumes_.size()) + " times,");
    check_extents(summary_.coils, encoding_.encoded.z, encoding_.encoded.y, placement_->width());
  }

  // Which lines of the matrix were measured, in every volume.
  void check_complete(const ReadOptions& options) {
    const std::int64_t matrix_lines = encoding_.encoded.y * encoding_.encoded.z;
    std::int64_t acquired_in_all = 0;
    for (const Volume& volume : volumes_) {
      std::vector<bool> acquired(static_cast<std::size_t>(matrix_lines), false);
      for (const std::size_t index : volume.lines) {
        acquired[static_cast<std::size_t>(placement_->line_of(acquisitions_.headers()[index], index))] = true;
      }
      const std::int64_t count = std::count(acquired.begin(), acquired.end(), true);
      const std::int64_t missing = placement_->missing_lines(acquired);
      acquired_in_all += count;
      if (missing > 0 && !options.allow_undersampled) {
        refuse("undersampled: slice " + std::to_string(volume.label.slice) + " has " + std::to_string(count) + " of " +
               std::to_string(count + missing) +
               " lines; reconstruct it first, or --allow-undersampled takes missing lines as zero");
      }
    }
    summary_.zero_fraction = 1.0 - static_cast<double>(acquired_in_all) /
                                       static_cast<double>(matrix_lines * static_cast<std::int64_t>(volumes_.size()));
  }

  void measure_noise() {
    if (noise_lines_.empty()) {
      return;
    }
    bool fitting = true;
    for (const std::size_t index : noise_lines_) {
      fitting = fitting && acquisitions_.headers()[index].coils == summary_.coils;
    }
    if (!fitting) {
      summary_.notes.emplace_back("noise lines with another number of coils than the image: no prewhitening");
      return;
    }
    NoiseMeasurement measurement(summary_.coils);
    acquisitions_.read(noise_lines_, [&](std::size_t /*index*/, std::span<const std::complex<float>> samples) {
      measurement.add(samples);
    });
    summary_.noise_samples = measurement.samples();
    noise_ = measurement.covariance();
    if (!noise_.has_value()) {
      summary_.notes.emplace_back("too few noise samples for a covariance of " + std::to_string(summary_.coils) +
                                  " coils: no prewhitening");
    }
  }

  void take_notes() {
    if (encoding_.trajectory == "epi") {
      summary_.notes.emplace_back("EPI: reversed lines are turned; ramp samples and ghosts are not corrected");
    }
    if (header_.encodings.size() > 1) {
      summary_.notes.push_back("the first of " + std::to_string(header_.encodings.size()) + " encoding spaces is read");
    }
    if (left_out_ > 0) {
      summary_.notes.push_back(std::to_string(left_out_) +
                               " lines of calibration, navigation, phase correction and the like left out");
    }
    for (const std::string& note : placement_->notes()) {
      summary_.notes.push_back(note);
    }
  }

  // Places and averages the lines of a volume into samples_, (coils, z, y, x), and transforms z.
  void load(std::size_t volume) {
    if (loaded_ == static_cast<std::int64_t>(volume)) {
      return;
    }
    loaded_ = -1;
    const std::int64_t lines = encoding_.encoded.y * encoding_.encoded.z;
    const std::int64_t width = placement_->width();
    samples_.assign(static_cast<std::size_t>(summary_.coils * lines * width), 0);
    std::vector<int> averages(static_cast<std::size_t>(lines), 0);
    acquisitions_.read(volumes_[volume].lines, [&](std::size_t index, std::span<const std::complex<float>> samples) {
      const Acquisition& header = acquisitions_.headers()[index];
      const std::int64_t line = placement_->line_of(header, index);
      ++averages[static_cast<std::size_t>(line)];
      const ReadoutPlace place = placement_->readout_of(header, index);
      const bool reversed = header.has(ISMRMRD::ISMRMRD_ACQ_IS_REVERSE);
      for (std::int64_t coil = 0; coil < summary_.coils; ++coil) {
        std::complex<float>* const row = samples_.data() + (coil * lines + line) * width;
        const std::complex<float>* const from = samples.data() + coil * header.samples + place.first_sample;
        for (std::int64_t x = 0; x < place.count; ++x) {
          row[place.first_x + x] += from[reversed ? place.count - 1 - x : x];
        }
      }
    });
    for (std::int64_t line = 0; line < lines; ++line) {
      const int count = averages[static_cast<std::size_t>(line)];
      for (std::int64_t coil = 0; count > 1 && coil < summary_.coils; ++coil) {
        std::complex<float>* const row = samples_.data() + (coil * lines + line) * width;
        std::for_each(row, row + width, [&](std::complex<float>& sample) { sample /= static_cast<float>(count); });
      }
    }
    if (encoding_.encoded.z > 1) {
      transform_partitions(samples_, summary_.coils, encoding_.encoded.z, encoding_.encoded.y * width);
    }
    loaded_ = static_cast<std::int64_t>(volume);
  }

  MrdHeader header_;
  MrdEncoding encoding_;  // the first
  Acquisitions acquisitions_;
  std::vector<Volume> volumes_;
  std::vector<std::size_t> noise_lines_;
  std::size_t left_out_ = 0;
  std::optional<LinePlacement> placement_;
  std::int64_t partitions_ = 1;
  ScanSummary summary_;
  std::optional<NoiseCovariance> noise_;
  std::vector<std::complex<float>> samples_;  // of the volume that was read last
  std::int64_t loaded_ = -1;
};

}  // namespace

std::unique_ptr<ScanReader> open_mrd_raw(const Hdf5Handle& group, std::int64_t file_size, const ReadOptions& options) {
  return std::make_unique<MrdRawReader>(group, file_size, options);
}

}  // namespace mriembed::io
