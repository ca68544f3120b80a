// GRAPPA's kernels (Griswold et al. 2002, doi:10.1002/mrm.10171): found from ACS lines, used wherever lines are
// missing in the same way.
#pragma once

#include <complex>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/aligned_vector.hpp"
#include "kernels/cholesky.hpp"
#include "kernels/grappa_calibration.hpp"
#include "kernels/grappa_synthesis.hpp"
#include "threads/executor.hpp"

namespace mriembed::kernels {

// Lines that were measured one beside the other: the first coil's rows.
using CalibrationRun = std::vector<const std::complex<float>*>;

// Missing lines between measured ones that are `size` lines apart, by their distance from the line before, less one.
struct Gap {
  std::int64_t size = 0;
  std::vector<std::vector<MissingLine>> lines;
};

// Adds the missing lines of a gap to those of its size. A measured line that is null counts as zero; it must be null in
// all gaps of the size.
void add_gap(std::vector<Gap>& gaps, std::int64_t size, const std::complex<float>* before,
             const std::complex<float>* after, std::span<std::complex<float>* const> between);

// Kernels of 2 lines x 5 samples. Each position of a kernel in the ACS lines counts by the inverse of its
// lines' energy. Unweighted, the lines around the echo would outvote the others, which are nearer to those that are
// missing. Kernels of 4 lines, which have fewer positions, measure worse (scripts/benchmarks/undersampled.py).
//
// One thread at a time may use it; no bit depends on the number of threads. Keeps its memory.
class GrappaKernels {
 public:
  static constexpr std::int64_t most_gap = 6;

  // `regularization` is Tikhonov's, as a share of the mean diagonal of the normal equations.
  explicit GrappaKernels(double regularization = 1e-3) : regularization_(regularization) {}

  // Finds the kernels of gaps of these sizes, each size once. Coils lie `coil_stride` samples apart in the lines, which
  // are images along x of `width` pixels. A gap for which every run is too short gets none. `positions`: those of each
  // run that count.
  void calibrate(std::span<const CalibrationRun> runs, std::span<const std::int64_t> sizes, std::int64_t coils,
                 std::int64_t coil_stride, std::int64_t width, const threads::Executor& executor,
                 Positions positions = {});

  // The kernels of the positions of two calibrations together, of the same sizes, runs and coils.
  void calibrate_by_both(const GrappaKernels& one, const GrappaKernels& other);

  // Whether there is a kernel of gaps of this size.
  [[nodiscard]] bool knows(std::int64_t size) const { return kernel_of(size) != nullptr; }

  // Lines that these kernels fill between measured ones have at most so many times the energy of the measured ones.
  [[nodiscard]] double most_gain() const;

  // Fills the lines of the gaps whose kernels are known, and gives their number.
  std::int64_t fill(std::span<const Gap> gaps, std::int64_t coil_stride, const threads::Executor& executor);

 private:
  struct Kernel {
    std::int64_t size = 0;
    bool solved = false;
    std::vector<std::vector<double>> position_weights;  // of each run
    GrappaSums sums;
    HermitianEquations equations;
    std::vector<LineWeights> weights;  // by the distance from the line before, less one
  };

  struct Participant {
    CalibrationBlock block;
    SynthesisMemory synthesis;
  };

  void use_width(std::int64_t width);
  void weigh_positions(std::span<const CalibrationRun> runs, std::int64_t coils, std::int64_t coil_stride,
                       Positions positions);
  void solve(Kernel& kernel) const;
  [[nodiscard]] const Kernel* kernel_of(std::int64_t size) const;

  double regularization_;
  std::vector<Kernel> kernels_;
  std::vector<GrappaSums> found_;  // of each kernel and block of columns
  std::vector<Participant> participants_;
  std::int64_t coils_ = 0;
  std::int64_t width_ = 0;
  AlignedVector<double> roots_;
  TapRoots tap_roots_;
};

}  // namespace mriembed::kernels
