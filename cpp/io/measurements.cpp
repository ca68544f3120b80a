#include "measurements.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

#include "mrd_hdf5.hpp"
#include "mriembed/error.hpp"
#include "noise_scan.hpp"
#include "refuse.hpp"

namespace mriembed::io {

namespace {

// Digits compare as numbers.
bool comes_before(const std::string& left, const std::string& right) {
  const auto is_digit = [](char letter) { return std::isdigit(static_cast<unsigned char>(letter)) != 0; };
  const auto number_at = [&](const std::string& text, std::size_t begin) {
    std::size_t end = begin;
    while (end < text.size() && is_digit(text[end])) {
      ++end;
    }
    while (begin + 1 < end && text[begin] == '0') {
      ++begin;
    }
    return std::pair{text.substr(begin, end - begin), end};
  };
  std::size_t at = 0;
  std::size_t other = 0;
  while (at < left.size() && other < right.size()) {
    if (is_digit(left[at]) && is_digit(right[other])) {
      const auto [number, end] = number_at(left, at);
      const auto [other_number, other_end] = number_at(right, other);
      if (number != other_number) {
        return number.size() != other_number.size() ? number.size() < other_number.size() : number < other_number;
      }
      at = end;
      other = other_end;
    } else if (left[at] != right[other]) {
      return left[at] < right[other];
    } else {
      ++at;
      ++other;
    }
  }
  return left.size() - at < right.size() - other;
}

struct Measurement {
  std::string group;
  std::unique_ptr<ScanReader> scan;
};

// Several measurements as one scan.
class Measurements final : public ScanReader {
 public:
  explicit Measurements(std::vector<Measurement> measurements) : measurements_(std::move(measurements)) {
    summary_ = measurements_.front().scan->summary();
    summary_.measurements = static_cast<int>(measurements_.size());
    summary_.slices = 0;
    summary_.zero_fraction = 0;
    summary_.warnings.clear();
    summary_.notes.clear();
    std::string contents;
    for (const auto& [group, scan] : measurements_) {
      const ScanSummary& part = scan->summary();
      contents += (contents.empty() ? "" : ", ") + shown(group) + " (" + std::to_string(part.slices) + " of " +
                  std::to_string(part.encoded_x) + " x " + std::to_string(part.encoded_y) + ")";
      summary_.slices += part.slices;
      summary_.zero_fraction = std::max(summary_.zero_fraction, part.zero_fraction);
      for (const std::string& warning : part.warnings) {
        summary_.warnings.push_back(shown(group) + ": " + warning);
      }
      for (const std::string& note : part.notes) {
        summary_.notes.push_back(shown(group) + ": " + note);
      }
    }
    if (measurements_.size() > 1) {
      add_warning("it holds " + std::to_string(measurements_.size()) +
                  " measurements, all of which are read: slices of " + contents + "; --group reads one");
    }
  }

  // Notes and warnings of a file with very many groups would be more than a reader may say.
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
  std::vector<Measurement> measurements_;
  ScanSummary summary_;
};

std::unique_ptr<ScanReader> open_noise(const Hdf5Handle& file, const std::vector<std::string>& groups,
                                       std::int64_t file_size) {
  std::optional<MeasuredNoise> found;
  for (const std::string& group : groups) {
    std::optional<MeasuredNoise> noise = noise_alone(open_group(file, group), group, file_size);
    if (noise.has_value()) {
      return noise_scan(std::move(*noise));
    }
    if (!found.has_value()) {
      found = noise_of(open_group(file, group), group, file_size);
    }
  }
  if (!found.has_value()) {
    refuse("it holds no noise lines (flag IS_NOISE_MEASUREMENT)");
  }
  return noise_scan(std::move(*found));
}

}  // namespace

std::vector<std::string> measurement_groups(const Hdf5Handle& file) {
  std::vector<std::string> groups;
  for (const std::string& name : children(file)) {
    if (holds_group(file, name)) {
      const Hdf5Handle group = open_group(file, name);
      if (holds_dataset(group, "data") && holds_dataset(group, "xml")) {
        groups.push_back(name);
      }
    }
  }
  std::ranges::sort(groups, [](const std::string& left, const std::string& right) {
    constexpr const char* usual = "dataset";
    return (left == usual) != (right == usual) ? left == usual : comes_before(left, right);
  });
  return groups;
}

std::unique_ptr<ScanReader> open_measurements(const Hdf5Handle& file, const std::vector<std::string>& groups,
                                              std::int64_t file_size, const ReadOptions& options) {
  if (!options.group.empty() && std::ranges::find(groups, options.group) == groups.end()) {
    std::string there;
    for (const std::string& group : groups) {
      there += (there.empty() ? "" : ", ") + shown(group);
    }
    refuse("it has no measurement \"" + shown(options.group) + "\"; it has " + shown(there, 500));
  }
  if (options.noise == NoiseUse::alone) {
    return open_noise(file, options.group.empty() ? groups : std::vector{options.group}, file_size);
  }
  if (groups.size() == 1) {
    return open_mrd_hdf5(open_group(file, groups.front()), file_size, options);
  }
  std::vector<MeasuredNoise> noise;
  std::vector<std::string> scans;
  for (const std::string& group : groups) {
    std::optional<MeasuredNoise> measured;
    try {
      measured = noise_alone(open_group(file, group), group, file_size);
    } catch (const Error&) {
      measured.reset();  // opening it as a scan tells why
    }
    if (measured.has_value()) {
      noise.push_back(std::move(*measured));
    } else if (options.group.empty() || options.group == group) {
      scans.push_back(group);
    }
  }
  if (scans.empty()) {
    refuse("it holds noise measurements, but no imaging line");
  }
  std::vector<Measurement> opened;
  std::vector<std::string> refusals;
  for (const std::string& group : scans) {
    try {
      opened.push_back({group, open_mrd_hdf5(open_group(file, group), file_size, options, noise)});
    } catch (const Error& error) {
      refusals.push_back((scans.size() > 1 ? "measurement " + shown(group) + ": " : "") + error.what());
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
