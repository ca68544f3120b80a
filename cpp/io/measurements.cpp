#include "measurements.hpp"

#include <algorithm>
#include <complex>
#include <utility>

#include "mrd_raw.hpp"
#include "mriembed/error.hpp"
#include "noise_scan.hpp"
#include "raw_noise.hpp"
#include "size_limits.hpp"

namespace mriembed::io {

namespace {

struct OpenedMeasurement {
  std::string name;
  std::unique_ptr<ScanReader> scan;
};

// Several measurements as one scan.
class Measurements final : public ScanReader {
 public:
  explicit Measurements(std::vector<OpenedMeasurement> measurements) : measurements_(std::move(measurements)) {
    summary_ = measurements_.front().scan->summary();
    summary_.measurements = static_cast<int>(measurements_.size());
    summary_.slices = 0;
    summary_.zero_fraction = 0;
    summary_.zero_filled = false;
    summary_.warnings.clear();
    summary_.notes.clear();
    std::string contents;
    for (const auto& [name, scan] : measurements_) {
      const ScanSummary& part = scan->summary();
      contents += (contents.empty() ? "" : ", ") + shown(name) + " (" + std::to_string(part.slices) + " of " +
                  std::to_string(part.encoded_x) + " x " + std::to_string(part.encoded_y) + ")";
      summary_.slices += part.slices;
      summary_.zero_fraction = std::max(summary_.zero_fraction, part.zero_fraction);
      summary_.zero_filled = summary_.zero_filled || part.zero_filled;
      for (const std::string& warning : part.warnings) {
        summary_.warnings.push_back(shown(name) + ": " + warning);
      }
      for (const std::string& note : part.notes) {
        summary_.notes.push_back(shown(name) + ": " + note);
      }
    }
    if (measurements_.size() > 1) {
      add_warning("slices of " + std::to_string(measurements_.size()) + " measurements are read: " + contents +
                  "; --group reads one");
    }
  }

  // Notes and warnings of a file with very many measurements would be more than a reader may say.
  void add_warning(const std::string& warning) {
    constexpr std::size_t most = 50;
    summary_.warnings.resize(std::min(summary_.warnings.size(), most));
    summary_.notes.resize(std::min(summary_.notes.size(), most));
    summary_.warnings.insert(summary_.warnings.begin(), warning.substr(0, 1000));
  }

  [[nodiscard]] const ScanSummary& summary() const override { return summary_; }
  [[nodiscard]] const std::optional<NoiseCovariance>& noise_covariance() const override { return noise_of(0); }
  [[nodiscard]] const std::optional<NoiseCovariance>& noise_of(int measurement) const override {
    return measurements_.at(static_cast<std::size_t>(measurement)).scan->noise_covariance();
  }

  [[nodiscard]] const HeaderFacts& header_of(int measurement) const override {
    return measurements_.at(static_cast<std::size_t>(measurement)).scan->summary().header;
  }

  void read(std::int64_t index, Slice& slice) override {
    std::size_t measurement = 0;
    while (index >= measurements_[measurement].scan->summary().slices) {
      index -= measurements_[measurement].scan->summary().slices;
      ++measurement;
    }
    measurements_[measurement].scan->read(index, slice);
    slice.label.measurement = static_cast<int>(measurement);
  }

 private:
  std::vector<OpenedMeasurement> measurements_;
  ScanSummary summary_;
};

bool is_wanted(const RawMeasurement& measurement, const ReadOptions& options) {
  return options.group.empty() || measurement.name == options.group;
}

// None where the header cannot be read: noise lines serve without it.
std::vector<std::string> coil_names_of(const RawMeasurement& measurement) {
  try {
    return measurement.header().facts.coil_names;
  } catch (const Error&) {
    return {};
  }
}

std::unique_ptr<ScanReader> open_noise(const std::vector<RawMeasurement>& measurements, const ReadOptions& options) {
  std::optional<MeasuredNoise> found;
  std::string refusal = "it holds no noise lines (flag IS_NOISE_MEASUREMENT)";
  for (const RawMeasurement& measurement : measurements) {
    if (!is_wanted(measurement, options)) {
      continue;
    }
    try {
      const auto acquisitions = measurement.acquisitions();
      std::optional<MeasuredNoise> noise = noise_alone(*acquisitions);
      if (noise.has_value()) {
        noise->coil_names = coil_names_of(measurement);
        return noise_scan(std::move(*noise));
      }
      if (!found.has_value()) {
        found = noise_of(*acquisitions);
        if (found.has_value()) {
          found->coil_names = coil_names_of(measurement);
        }
      }
    } catch (const Error& error) {
      refusal = error.what();
    }
  }
  if (!found.has_value()) {
    refuse(refusal);
  }
  return noise_scan(std::move(*found));
}

struct SortedMeasurements {
  std::vector<MeasuredNoise> noise;
  std::vector<const RawMeasurement*> scans;  // those that are wanted
};

SortedMeasurements sorted(const std::vector<RawMeasurement>& measurements, const ReadOptions& options) {
  if (measurements.size() == 1) {
    return {{}, {&measurements.front()}};
  }
  SortedMeasurements result;
  for (const RawMeasurement& measurement : measurements) {
    std::optional<MeasuredNoise> noise;
    try {
      noise = noise_alone(*measurement.acquisitions());
      if (noise.has_value()) {
        noise->name = measurement.name;
        const MrdHeader header = measurement.header();
        noise->measurement_id = header.measurement_id;
        noise->coil_names = header.facts.coil_names;
      }
    } catch (const Error&) {
      noise.reset();  // opening it as a scan tells why
    }
    if (noise.has_value()) {
      result.noise.push_back(std::move(*noise));
    } else if (is_wanted(measurement, options)) {
      result.scans.push_back(&measurement);
    }
  }
  if (result.scans.empty()) {
    refuse("it holds noise measurements, but no imaging line");
  }
  return result;
}

// The samples of all slices of a measurement, and the noise of its coils.
std::int64_t bytes_of(const ScanReader& scan) {
  const ScanSummary& summary = scan.summary();
  std::int64_t bytes = checked_product(summary.encoded_x, summary.encoded_y, "a matrix");
  bytes = checked_product(bytes, std::max(summary.slices, summary.encoded_z), "a matrix");
  bytes = checked_product(bytes, summary.coils * std::int64_t{sizeof(std::complex<float>)}, "a matrix");
  constexpr std::int64_t covariance = sizeof(std::complex<double>);
  return bytes + (scan.noise_covariance().has_value() ? covariance * summary.coils * summary.coils : 0);
}

}  // namespace

std::unique_ptr<ScanReader> open_measurements(const std::vector<RawMeasurement>& measurements, std::int64_t file_size,
                                              const ReadOptions& options) {
  if (std::ranges::none_of(measurements, [&](const RawMeasurement& one) { return is_wanted(one, options); })) {
    std::string there;
    for (const RawMeasurement& measurement : measurements) {
      there += (there.empty() ? "" : ", ") + shown(measurement.name);
    }
    refuse("it has no measurement \"" + shown(options.group) + "\"; it has " + shown(there, 500));
  }
  if (options.noise == NoiseUse::alone) {
    return open_noise(measurements, options);
  }
  if (options.group.empty() && measurements.size() > most_measurements) {
    refuse("it holds " + std::to_string(measurements.size()) + " measurements; at most " +
           std::to_string(most_measurements) + " are read together: --group reads one");
  }
  const auto [noise, scans] = sorted(measurements, options);
  std::vector<OpenedMeasurement> opened;
  std::vector<std::string> refusals;
  std::int64_t bytes = 0;  // of all that are open
  for (const RawMeasurement* const scan : scans) {
    try {
      const MrdHeader header = scan->header();
      auto reader = open_mrd_raw(header, scan->acquisitions(), scan->bytes, options, noise);
      const std::int64_t with_it = bytes + bytes_of(*reader);
      check_justified(with_it, file_size, "its measurements together");
      bytes = with_it;
      opened.push_back({scan->name, std::move(reader)});
    } catch (const Error& error) {
      refusals.push_back((scans.size() > 1 ? "measurement " + shown(scan->name) + ": " : "") + error.what());
    }
  }
  if (opened.empty()) {
    refuse(refusals.front());
  }
  if (opened.size() == 1 && refusals.empty()) {
    return std::move(opened.front().scan);
  }
  auto result = std::make_unique<Measurements>(std::move(opened));
  for (const std::string& refusal : refusals) {
    result->add_warning("left out: " + refusal);
  }
  return result;
}

}  // namespace mriembed::io
