// Limits of findings that a site has chosen, from a JSON file.
//
//   {"spike": 60, "coils": [{"name": "Body_*", "high_noise": 4}]}
//
// Each limit is named as in the JSON of `check`. "coils" holds limits of those coils whose name, or whose number where
// the header has no name, matches a pattern of the shell (fnmatch: *, ?, [a-z]); of several that match, the last
// counts.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "mriembed/quality_findings.hpp"

namespace mriembed::check {

// The limits by name, in the order of the struct.
using NamedLimit = std::pair<const char*, double QualityLimits::*>;
const std::vector<NamedLimit>& named_limits();

class LimitsFile {
 public:
  // The default limits.
  LimitsFile() = default;

  // Throws Error (invalid_argument) for a file that cannot be read, is not of this form, names a limit that does not
  // exist, or one that is not a positive number.
  explicit LimitsFile(const std::string& path);

  [[nodiscard]] const QualityLimits& of_array() const { return array_; }
  [[nodiscard]] QualityLimits of_coil(const std::string& name, std::int64_t channel) const;

 private:
  struct OfCoils {
    std::string pattern;
    std::vector<std::pair<double QualityLimits::*, double>> limits;
  };

  QualityLimits array_;
  std::vector<OfCoils> coils_;
};

}  // namespace mriembed::check
