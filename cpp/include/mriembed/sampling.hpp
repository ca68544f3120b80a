/// @file
/// Which lines of a slice were measured, and how preprocessing fills the others. C++17, no torch.
#pragma once

#include <cstdint>
#include <string>

#include "mriembed/export.h"

namespace mriembed {

/// Numbers of lines along y, as in docs/preprocessing.md, "Missing lines". A line was measured if any of its samples is
/// not zero.
struct Sampling {
  std::int64_t lines = 0;         ///< of the slice; 0: not k-space
  std::int64_t measured = 0;      ///< of these
  std::int64_t acceleration = 1;  ///< largest distance of measured lines between which GRAPPA fills
  bool gaps_left = false;         ///< lines between measured ones stay zero
  std::int64_t extent = 0;        ///< lines from the first measured one to the last one, both included
  bool partial = false;           ///< one end of k-space is missing, and conjugate symmetry filled it without gaps

  /// "full", "grappa 2", "partial 6/8", "grappa 2, partial 6/8", or "zero-filled" if lines between measured ones stay
  /// zero; empty if it is not k-space. A share that is not a number of eighths is given in lines: "partial 90/128".
  [[nodiscard]] MRIEMBED_EXPORT std::string text() const;
};

}  // namespace mriembed
