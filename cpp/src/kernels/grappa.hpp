// Missing lines of undersampled k-space by GRAPPA (Griswold et al. 2002, doi:10.1002/mrm.10171).
#pragma once

#include <complex>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/aligned_vector.hpp"
#include "kernels/cholesky.hpp"
#include "kernels/grappa_calibration.hpp"
#include "kernels/grappa_synthesis.hpp"
#include "kernels/hybrid_slice.hpp"
#include "threads/executor.hpp"

namespace mriembed::kernels {

// Fills each missing line that lies between two measured ones from these two, 2 to most_gap lines apart, by kernels of
// 2 lines x 5 samples: regular undersampling by 2 to most_gap, and the borders of the calibration lines. Lines at the
// ends of k-space or in wider gaps are left as they are, and so are all lines of a gap that is wider than the
// calibration lines.
//
// Each position of the kernel in the calibration lines counts by the inverse of its lines' energy. Unweighted, the
// lines around the echo would outvote the others, which are nearer to those that are missing. Kernels of 4 lines, which
// have fewer positions, measure worse (scripts/benchmarks/undersampled.py).
class Grappa {
 public:
  static constexpr std::int64_t most_gap = 6;

  // `regularization` is Tikhonov's, as a share of the mean diagonal of the normal equations.
  explicit Grappa(double regularization = 1e-3) : regularization_(regularization) {}

  // `measured` has a value for each line, not 0 where it was measured. No bit depends on the number of threads. Uses
  // memory that this object keeps.
  Completion fill(const HybridSlice& slice, std::span<const std::uint8_t> measured, LineRange calibration,
                  const threads::Executor& executor);

 private:
  // Missing lines between measured ones that are `size` lines apart.
  struct Gap {
    std::int64_t size = 0;
    bool solved = false;
    std::vector<double> position_weights;
    std::vector<std::vector<MissingLine>> lines;  // by their distance from the line before, less one
    GrappaSums sums;
    HermitianEquations equations;
    std::vector<LineWeights> weights;
  };

  struct Participant {
    CalibrationBlock block;
    SynthesisMemory synthesis;
  };

  void plan(const HybridSlice& slice, std::span<const std::uint8_t> measured, LineRange calibration);
  void weigh_positions(const HybridSlice& slice);
  void calibrate(const HybridSlice& slice, LineRange calibration, const threads::Executor& executor);
  void solve(Gap& gap, std::int64_t coils) const;

  double regularization_;
  std::vector<Gap> gaps_;
  std::vector<GrappaSums> found_;  // of each gap and block of columns
  std::vector<Participant> participants_;
  std::vector<const std::complex<float>*> calibration_lines_;
  std::int64_t width_ = 0;
  AlignedVector<double> roots_;
  TapRoots tap_roots_;
};

}  // namespace mriembed::kernels
