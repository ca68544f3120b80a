// Which lines of a slice of k-space were measured, and how preprocessing completes the others.
#pragma once

#include <cstdint>
#include <string>

#include "mriembed/export.h"

namespace mriembed {

// Numbers of lines along y, by docs/preprocessing.md, "Missing lines". A line was measured where any of its samples is
// not zero.
struct Sampling {
  std::int64_t lines = 0;         // of the slice; 0: not k-space
  std::int64_t measured = 0;      // of these
  std::int64_t acceleration = 1;  // lines from a measured one to the next, at most, between which GRAPPA fills
  bool gaps_left = false;         // lines between measured ones stay zero
  std::int64_t extent = 0;        // lines from the first measured one to the last one, both included
  bool partial = false;           // one end of k-space is missing, and filled by conjugate symmetry without gaps

  // "full", "grappa 2", "partial 6/8", "grappa 2, partial 6/8" or, where lines between measured ones stay zero,
  // "zero-filled"; empty where it is not k-space. A share that is no number of eighths is in lines: "partial 90/128".
  [[nodiscard]] MRIEMBED_EXPORT std::string text() const;
};

}  // namespace mriembed
