// Missing lines of an undersampled slice by GRAPPA.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/grappa_kernels.hpp"
#include "kernels/hybrid_slice.hpp"
#include "threads/executor.hpp"

namespace mriembed::kernels {

// Fills each missing line that lies between two measured ones from these two, 2 to most_gap lines apart: regular
// undersampling by 2 to most_gap, and the borders of the ACS lines. Lines at the ends of k-space or in wider
// gaps are left as they are, and so are all lines of a gap that there are too few ACS lines for.
class Grappa {
 public:
  static constexpr std::int64_t most_gap = GrappaKernels::most_gap;
  // ACS lines that a gap of each line needs. With fewer, too few positions of the kernel determine its weights: zeros
  // are nearer to the missing lines then (scripts/benchmarks/undersampled.py --few).
  static constexpr std::int64_t acs_lines_per_gap = 3;

  // Whether lines between two measured ones that are `gap` lines apart are filled from so many ACS lines.
  static constexpr bool fills(std::int64_t gap, std::int64_t acs_lines) {
    return gap > 1 && gap <= most_gap && acs_lines_per_gap * gap <= acs_lines;
  }

  // `regularization` as GrappaKernels takes it.
  explicit Grappa(double regularization = 1e-3) : kernels_(regularization) {}

  // `measured` has a value for each line, not 0 where it was measured. Of a slice that holds a part of the lines, the
  // calibration lines included, gaps between two lines that it holds are filled as in the whole slice. No bit depends
  // on the number of threads. Uses memory that this object keeps.
  Completion fill(const HybridSlice& slice, std::span<const std::uint8_t> measured, LineRange calibration,
                  const threads::Executor& executor);

  // After fill(): all lines that it fills in the whole slice have at most so many times the energy of the measured
  // ones.
  [[nodiscard]] double most_gain() const { return kernels_.most_gain(); }

 private:
  GrappaKernels kernels_;
};

}  // namespace mriembed::kernels
