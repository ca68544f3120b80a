#include "mrd_raw.hpp"

#include <memory>
#include <span>
#include <utility>

#include "calibration_space.hpp"
#include "echo_check.hpp"
#include "raw_completeness.hpp"
#include "raw_volumes.hpp"
#include "scan_noise.hpp"
#include "size_limits.hpp"
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
    ScanNoise noise = noise_wanted(header, options.noise, other_noise);
    append(noise.warnings, summary_.warnings);
    append(noise.notes, summary_.notes);
    noise_ = std::move(noise.covariance);
    summary_.noise_samples = noise.samples;
    summary_.coils = static_cast<std::int64_t>(noise.coils.size());
    MrdEncoding encoding = header.encodings[volumes_.encoding];
    encoding.trajectory = volumes_.echo_planar ? "epi" : encoding.trajectory;
    assembler_.emplace(encoding, facts_of(volumes_, headers(), encoding), std::move(noise.coils));
    describe_matrix();
    check_size(file_size);
    find_centres();
    acquisitions_ = numbered_as_image(std::move(acquisitions_), header, assembler_->placement(), volumes_);
    add_calibration(volumes_, headers(), assembler_->placement());
    load(0);
    check_lines(options);
    take_notes();
  }

  [[nodiscard]] const ScanSummary& summary() const override { return summary_; }
  [[nodiscard]] const std::optional<NoiseCovariance>& noise_covariance() const override { return noise_; }

  void read(std::int64_t index, Slice& slice) override {
    load(static_cast<std::size_t>(index / assembler_->partitions()));
    assembler_->take_slice(index % assembler_->partitions(), slice);
    if (summary_.encoded_z == 1) {
      loaded_.reset();
    }
  }

 private:
  [[nodiscard]] const std::vector<Acquisition>& headers() const { return acquisitions_->headers(); }

  [[nodiscard]] ScanNoise noise_wanted(const MrdHeader& header, NoiseUse use,
                                       const std::vector<MeasuredNoise>& others) const {
    const std::int64_t coils = headers()[volumes_.volumes.front().imaging.front()].coils;
    return use == NoiseUse::own ? noise_of_scan(header, *acquisitions_, volumes_.noise, coils, others)
                                : without_noise(coils, !volumes_.noise.empty());
  }

  void describe_matrix() {
    const KspacePlacement& placement = assembler_->placement();
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
    check_plane(summary_.encoded_y, summary_.encoded_x);
  }

  // By the imaging lines of the first volume: where ACS lines belong depends on it.
  void find_centres() {
    if (!assembler_->placement().needs_signal()) {
      return;
    }
    const RawVolume& volume = volumes_.volumes.front();
    acquisitions_->read(volume.imaging, [&](std::size_t index, std::span<const std::complex<float>> samples) {
      assembler_->add(volume.key, headers()[index], index, samples);
    });
    assembler_->find_centres();
    assembler_->drop(volume.key);
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
    summary_.zero_filled = found.zero_filled;
    summary_.slices = static_cast<std::int64_t>(volumes_.volumes.size()) * assembler_->partitions();
  }

  void take_notes() {
    if (const EpiLines* epi = assembler_->epi()) {
      append(epi->warnings(), summary_.warnings);
      append(epi->notes(), summary_.notes);
    }
    if (!volumes_.calibration_left_out.empty()) {
      summary_.warnings.push_back(volumes_.calibration_left_out);
    }
    append(assembler_->geometry().notes, summary_.warnings);
    append(assembler_->placement().notes(), summary_.warnings);
    append(assembler_->calibration_warnings(), summary_.warnings);
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
        assembler_->add(volume.key, headers()[index], index, samples);
      });
      acquisitions_->read(volume.repeated, [&](std::size_t index, std::span<const std::complex<float>> samples) {
        assembler_->add_repeated(volume.key, headers()[index], index, samples);
      });
    } catch (...) {
      assembler_->drop(volume.key);
      throw;
    }
    assembler_->finish(volume.key);
    loaded_ = number;
    if (first) {
      echo_warnings_ =
          warnings_of_echo(assembler_->finished(), summary_.coils, summary_.encoded_y, summary_.encoded_x,
                           {assembler_->placement().other_centres_y(), assembler_->placement().other_centres_x()});
    }
  }

  std::shared_ptr<const Acquisitions> acquisitions_;
  RawVolumes volumes_;
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
