#include "mrd_raw.hpp"

#include <memory>
#include <numeric>
#include <span>
#include <utility>

#include "echo_check.hpp"
#include "raw_completeness.hpp"
#include "raw_noise.hpp"
#include "raw_volumes.hpp"
#include "refuse.hpp"
#include "slice_assembler.hpp"

namespace mriembed::io {

namespace {

void append(const std::vector<std::string>& from, std::vector<std::string>& to) {
  to.insert(to.end(), from.begin(), from.end());
}

class MrdRawReader final : public ScanReader {
 public:
  MrdRawReader(const MrdHeader& header, std::shared_ptr<const Acquisitions> acquisitions, std::int64_t file_size,
               const ReadOptions& options, const std::vector<MeasuredNoise>& other_noise)
      : acquisitions_(std::move(acquisitions)), volumes_(sorted_volumes(header, acquisitions_->headers())) {
    if (options.domain.value_or(Domain::kspace) != Domain::kspace) {
      refuse("it holds raw data (k-space); --input image does not fit");
    }
    summary_.format = "MRD raw data";
    summary_.header = header.facts;
    append(volumes_.warnings, summary_.warnings);
    append(volumes_.notes, summary_.notes);
    coils_.resize(headers()[volumes_.volumes.front().imaging.front()].coils);
    std::iota(coils_.begin(), coils_.end(), 0);
    if (options.noise == NoiseUse::own) {
      find_noise(header, other_noise);
    } else if (!volumes_.noise.empty()) {
      summary_.notes.emplace_back("its own noise lines are left out");
    }
    summary_.coils = static_cast<std::int64_t>(coils_.size());
    assembler_.emplace(header.encodings[volumes_.encoding], facts_of(volumes_, headers()), coils_);
    describe_matrix();
    check_size(file_size);
    add_calibration(volumes_, headers(), assembler_->placement());
    load(0);
    check_lines(options);
    take_notes();
  }

  [[nodiscard]] const ScanSummary& summary() const override { return summary_; }
  [[nodiscard]] const std::optional<NoiseCovariance>& noise_covariance() const override { return noise_; }

  void read(std::int64_t index, Slice& slice) override {
    load(static_cast<std::size_t>(index / assembler_->partitions()));
    assembler_->write_slice(index % assembler_->partitions(), slice);
  }

 private:
  [[nodiscard]] const std::vector<Acquisition>& headers() const { return acquisitions_->headers(); }

  // The scan's own noise lines, or else those of another measurement.
  void find_noise(const MrdHeader& header, const std::vector<MeasuredNoise>& others) {
    const auto coils = static_cast<std::int64_t>(coils_.size());
    std::string source = "its noise lines";
    if (!volumes_.noise.empty()) {
      for (const std::size_t index : volumes_.noise) {
        if (headers()[index].coils != coils) {
          summary_.warnings.emplace_back("noise lines with another number of coils than the image: no prewhitening");
          return;
        }
      }
      const MeasuredNoise own = measured(*acquisitions_, volumes_.noise, coils);
      noise_ = own.covariance;
      summary_.noise_samples = own.samples;
    } else if (const MeasuredNoise* other = fitting_noise(others, header, coils)) {
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
    bytes = checked_product(bytes, static_cast<std::int64_t>(volumes_.volumes.size()), "its matrix");
    check_justified(bytes, file_size, "its matrix, " + std::to_string(volumes_.volumes.size()) + " times,");
    check_extents(summary_.coils, summary_.encoded_z, summary_.encoded_y, summary_.encoded_x);
  }

  void check_lines(const ReadOptions& options) {
    const std::size_t volumes = volumes_.volumes.size();
    const RawCompleteness found =
        check_complete(volumes_, headers(), assembler_->placement(), options.allow_undersampled);
    if (volumes_.volumes.size() < volumes) {
      loaded_.reset();
    }
    append(found.warnings, summary_.warnings);
    summary_.zero_fraction = found.zero_fraction;
    summary_.slices = static_cast<std::int64_t>(volumes_.volumes.size()) * assembler_->partitions();
  }

  void take_notes() {
    if (const EpiLines* epi = assembler_->epi()) {
      append(epi->warnings(), summary_.warnings);
      append(epi->notes(), summary_.notes);
    }
    append(assembler_->geometry().notes, summary_.warnings);
    append(assembler_->placement().notes(), summary_.warnings);
    append(echo_warnings_, summary_.warnings);
    if (volumes_.left_out > 0) {
      summary_.notes.push_back(std::to_string(volumes_.left_out) +
                               " lines of calibration, navigation and the like left out");
    }
  }

  // Has the assembler place the lines of a volume.
  void load(std::size_t number) {
    if (loaded_ == number) {
      return;
    }
    const RawVolume& volume = volumes_.volumes[number];
    const bool first = !std::exchange(looked_at_echo_, true);
    loaded_.reset();
    try {
      acquisitions_->read(volume.navigators, [&](std::size_t index, std::span<const std::complex<float>> samples) {
        assembler_->add_navigator(volume.key, headers()[index], index, samples);
      });
      acquisitions_->read(volume.all_lines(), [&](std::size_t index, std::span<const std::complex<float>> samples) {
        assembler_->add(headers()[index], index, samples);
      });
    } catch (...) {
      assembler_->drop(volume.key);
      throw;
    }
    assembler_->finish(volume.key);
    loaded_ = number;
    if (first) {
      echo_warnings_ = warnings_of_echo(assembler_->finished(), summary_.coils, summary_.encoded_y, summary_.encoded_x);
    }
  }

  std::shared_ptr<const Acquisitions> acquisitions_;
  RawVolumes volumes_;
  std::vector<std::int64_t> coils_;  // those that are read
  std::optional<SliceAssembler> assembler_;
  ScanSummary summary_;
  std::optional<NoiseCovariance> noise_;
  std::optional<std::size_t> loaded_;  // the volume that the assembler has finished last
  bool looked_at_echo_ = false;
  std::vector<std::string> echo_warnings_;
};

}  // namespace

std::unique_ptr<ScanReader> open_mrd_raw(const MrdHeader& header, std::shared_ptr<const Acquisitions> acquisitions,
                                         std::int64_t file_size, const ReadOptions& options,
                                         const std::vector<MeasuredNoise>& noise) {
  return std::make_unique<MrdRawReader>(header, std::move(acquisitions), file_size, options, noise);
}

}  // namespace mriembed::io
