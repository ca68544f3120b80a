#include "noise_scan.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "noise_coils.hpp"
#include "size_limits.hpp"

namespace mriembed::io {

namespace {

class NoiseScan final : public ScanReader {
 public:
  explicit NoiseScan(MeasuredNoise noise) : noise_(std::move(noise.covariance)) {
    if (!noise_.has_value()) {
      refuse("it has " + std::to_string(noise.samples) + " noise samples of " + std::to_string(noise.coils) +
             " coils; a covariance needs more samples than coils");
    }
    if (!is_finite(*noise_)) {
      refuse("its noise samples contain NaN or infinite values");
    }
    summary_.format = "noise measurement";
    summary_.coils = noise.coils;
    summary_.encoded_x = summary_.encoded_y = 1;
    summary_.noise_samples = noise.samples;
    summary_.header.coil_names = std::move(noise.coil_names);
  }

  [[nodiscard]] const ScanSummary& summary() const override { return summary_; }
  [[nodiscard]] const std::optional<NoiseCovariance>& noise_covariance() const override { return noise_; }
  void read(std::int64_t /*index*/, Slice& /*slice*/) override { refuse("a noise measurement has no slices"); }

 private:
  ScanSummary summary_;
  std::optional<NoiseCovariance> noise_;
};

class WithNoise final : public ScanReader {
 public:
  WithNoise(std::unique_ptr<ScanReader> scan, const MeasuredNoise& noise)
      : scan_(std::move(scan)), summary_(scan_->summary()), noise_of_file_(noise) {
    if (summary_.domain != Domain::kspace) {
      refuse("it holds images; a noise measurement is for k-space: leave --noise out");
    }
    if (summary_.coils != noise.coils) {
      refuse("it has " + std::to_string(summary_.coils) + " coils, but the noise measurement " + noise.name + " has " +
             std::to_string(noise.coils));
    }
    const std::vector<std::string>& names = summary_.header.coil_names;
    const std::optional<std::vector<std::int64_t>> order = coils_in_noise(names, noise);
    if (!order.has_value()) {
      refuse("it has other coils than the noise measurement " + noise.name + ": " + difference_of_coils(names, noise) +
             "; noise of the same coils would be right");
    }
    order_ = *order;
    const NoiseCovariance covariance = reordered(*noise.covariance, order_);
    live_ = live_coils(covariance);
    if (live_.empty()) {
      refuse("no coil has noise in " + noise.name);
    }
    noise_ = covariance_of(covariance, live_);
    if (!is_invertible(*noise_)) {
      refuse("the noise of a coil is a combination of that of others in " + noise.name);
    }
    summary_.noise_samples = noise.samples;
    summary_.notes.push_back("noise: of " + noise.name +
                             (std::ranges::is_sorted(order_) ? "" : ", whose coils are in another order"));
    if (static_cast<std::int64_t>(live_.size()) < noise.coils) {
      summary_.warnings.push_back(dead_coils_text(live_, noise.coils, noise.name));
      summary_.coils = static_cast<std::int64_t>(live_.size());
    }
  }

  [[nodiscard]] const ScanSummary& summary() const override { return summary_; }
  [[nodiscard]] const std::optional<NoiseCovariance>& noise_covariance() const override { return noise_; }
  [[nodiscard]] const HeaderFacts& header_of(int measurement) const override { return scan_->header_of(measurement); }

  void read(std::int64_t index, Slice& slice) override {
    scan_->read(index, slice);
    if (slice.channels != scan_->summary().coils) {
      refuse("a measurement of it has " + std::to_string(slice.channels) + " coils, where the first one has " +
             std::to_string(scan_->summary().coils) + "; --group reads one measurement");
    }
    const int measurement = slice.label.measurement;
    if (measurement > 0 && coils_in_noise(header_of(measurement).coil_names, noise_of_file_) != order_) {
      refuse(
          "a measurement of it has other coils than the first one, or in another order; --group reads one measurement");
    }
    const std::int64_t plane = slice.height * slice.width;
    for (std::size_t to = 0; to < live_.size(); ++to) {
      if (live_[to] != static_cast<std::int64_t>(to)) {
        std::copy_n(slice.samples.begin() + live_[to] * plane, plane,
                    slice.samples.begin() + static_cast<std::int64_t>(to) * plane);
      }
    }
    slice.channels = static_cast<std::int64_t>(live_.size());
    slice.samples.resize(static_cast<std::size_t>(slice.channels * plane));
  }

 private:
  std::unique_ptr<ScanReader> scan_;
  ScanSummary summary_;
  MeasuredNoise noise_of_file_;
  std::vector<std::int64_t> order_;  // the coil of the noise measurement that each coil of the scan is
  std::vector<std::int64_t> live_;   // coils of the scan
  std::optional<NoiseCovariance> noise_;
};

}  // namespace

std::unique_ptr<ScanReader> noise_scan(MeasuredNoise noise) { return std::make_unique<NoiseScan>(std::move(noise)); }

MeasuredNoise noise_in(const ScanReader& noise_scan, const std::string& name) {
  const ScanSummary& summary = noise_scan.summary();
  return {name, "", summary.coils, summary.noise_samples, noise_scan.noise_covariance(), 0, summary.header.coil_names};
}

std::unique_ptr<ScanReader> with_noise(std::unique_ptr<ScanReader> scan, const MeasuredNoise& noise) {
  return std::make_unique<WithNoise>(std::move(scan), noise);
}

}  // namespace mriembed::io
