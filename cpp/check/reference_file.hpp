// The noise of an earlier scan, from what `check --json` wrote of it.
//
// A line of the file is one measurement. Of several, that counts which has coils of the scan, and the scan's number of
// the measurement if there is one; of several such ones the first.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mriembed/quality_findings.hpp"

namespace mriembed::check {

// What the power of white noise depends on beside the receivers.
struct NoiseConditions {
  double sample_time_us = 0;  // 0: not known
  int averages = 0;           // 0: not known
};

// The coils of one measurement and their noise.
struct ComparedCoils {
  int measurement = 0;
  std::vector<std::int64_t> channels;
  std::vector<std::string> names;  // of each coil; empty texts where the header has none
  std::vector<double> noise;       // of each coil; 0: not known
  bool noise_is_measured = false;
  std::int64_t dead_channels = 0;  // of the array, which are not among the coils
  NoiseConditions conditions;
};

// The reference of one measurement of a scan.
struct ReferenceMatch {
  std::string path;
  std::string scan;        // that the reference was
  NoiseReference noise;    // of each coil; empty: they cannot be compared
  std::string refusal;     // why they cannot be compared, or not all of them; empty: all are
  std::string assumption;  // that the comparison rests on; empty: none
};

class ReferenceFile {
 public:
  // Throws Error (invalid_argument) for a file that cannot be read or is not of this form.
  explicit ReferenceFile(std::string path);

  // Coils are matched by name, or by number where neither scan has names.
  [[nodiscard]] ReferenceMatch matching(const ComparedCoils& scan) const;

 private:
  struct Measurement {
    std::string scan;
    ComparedCoils coils;
  };

  std::string path_;
  std::vector<Measurement> measurements_;
};

}  // namespace mriembed::check
