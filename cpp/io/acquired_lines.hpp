// Which lines of a volume's matrix were measured, and what those that were measured several times differ in.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "acquisitions.hpp"

namespace mriembed::io {

// What lines of the same place and average differ in: averaging them may mix what is not alike.
struct MixedCounters {
  bool segment = false;
  bool user = false;
  bool none = false;  // nothing tells them apart

  void operator|=(const MixedCounters& other) {
    segment = segment || other.segment;
    user = user || other.user;
    none = none || other.none;
  }
};

// Whether lines around the middle were measured one beside the other, and others farther out with gaps between them:
// an accelerated scan that does not flag its ACS lines. These are 16, or as many as the widest gap needs to be filled.
// Lines of a scan that was stopped lie otherwise.
bool has_dense_centre(const std::vector<bool>& measured);

// Whether one volume was measured to its end, as another one of the same scan was: with gaps no wider, and as far
// towards both ends of k-space, but for a gap. Volumes of which each measures other lines differ in their numbers.
bool reaches_as_far(const std::vector<bool>& measured, const std::vector<bool>& whole);

class AcquiredLines {
 public:
  explicit AcquiredLines(std::int64_t lines)
      : acquired_(static_cast<std::size_t>(lines), false), first_(acquired_.size()) {}

  void add(std::int64_t line, const Acquisition& acquisition);

  [[nodiscard]] const std::vector<bool>& acquired() const { return acquired_; }
  [[nodiscard]] std::int64_t count() const { return count_; }
  [[nodiscard]] const MixedCounters& mixed() const { return mixed_; }

 private:
  struct Counters {
    std::uint16_t average = 0;
    std::uint16_t segment = 0;
    std::array<std::uint16_t, 8> user{};
  };

  std::vector<bool> acquired_;
  std::vector<Counters> first_;  // of the first acquisition of each line
  std::int64_t count_ = 0;       // lines that were acquired
  MixedCounters mixed_;
};

}  // namespace mriembed::io
