// A scan's figures of quality, by measurement, with what its header calls the coils.
#pragma once

#include <complex>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "check/limits_file.hpp"
#include "check/reference_file.hpp"
#include "io/scan_reader.hpp"
#include "mriembed/array_view.hpp"
#include "mriembed/quality_findings.hpp"
#include "mriembed/scan_quality.hpp"

namespace mriembed::check {

// One measurement of a scan.
struct Checked {
  int measurement = 0;
  std::vector<std::int64_t> channels;       // of the scanner, by coil
  std::vector<std::int64_t> dead_channels;  // without noise, which the reader has left out
  std::vector<std::string> names;           // of channels; may be shorter
  std::vector<io::SliceLabel> labels;
  bool noise_is_measured = false;
  NoiseConditions noise_conditions;
  ScanQualityFigures figures;
  QualityLimits limits;                    // of the array
  std::vector<QualityLimits> coil_limits;  // of each coil
  std::vector<Finding> findings;
  std::optional<ReferenceMatch> reference;  // none: the scan is compared with no other
  NoiseChange noise_change;                 // over the reference; without one nothing is compared
};

// What figures are compared with.
struct CheckCriteria {
  LimitsFile limits = {};
  std::optional<ReferenceFile> reference = std::nullopt;
};

// Of files; empty names: the default limits, no reference. Throws what the files throw.
CheckCriteria check_criteria(const std::string& limits, const std::string& reference);

// Gathers the figures of a scan of k-space, slice by slice.
class ScanChecker {
 public:
  explicit ScanChecker(CheckCriteria criteria = {}) : criteria_(std::move(criteria)) {}

  // `header` and `noise` are those of the slice's measurement; `samples`: (coils, y, x). Gives and throws what
  // ScanQuality::add_slice does.
  SliceQuality add(const io::HeaderFacts& header, const std::optional<io::NoiseCovariance>& noise,
                   const io::SliceLabel& label, const ArrayView<const std::complex<float>, 3>& samples);

  // All measurements, in the order of their numbers.
  [[nodiscard]] std::vector<Checked> checked() const;

 private:
  CheckCriteria criteria_;
  std::map<int, std::pair<Checked, ScanQuality>> measurements_;
};

// Reads and checks a whole scan, or `most_slices` that are spread evenly over it. Throws Error (bad_input) for a scan
// of images, and what ScanChecker::add throws, with the slice.
std::vector<Checked> check_scan(io::ScanReader& scan, const CheckCriteria& criteria = {},
                                std::optional<std::int64_t> most_slices = std::nullopt);

}  // namespace mriembed::check
