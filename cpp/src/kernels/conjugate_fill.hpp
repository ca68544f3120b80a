// The missing end of k-space along y from the other end: partial Fourier.
#pragma once

#include <complex>
#include <cstdint>
#include <functional>
#include <vector>

#include "kernels/fourier.hpp"
#include "kernels/hybrid_slice.hpp"
#include "threads/executor.hpp"

namespace mriembed::kernels {

// Transforms each column of (lines, width) samples in place, orthonormally. `participant` is that of the executor.
using ColumnTransform = std::function<void(std::complex<float>* plane, Direction direction, int participant)>;

// An image without a phase has the conjugate of a sample of k-space at its mirror image about the echo. With a smooth
// phase, taken from the lines of which both are measured, homodyne detection (Noll et al. 1991, IEEE Trans. Med.
// Imaging 10, 154) finds the image of such a phase. Here its lines replace those that were not measured, and no others:
// that measures better (scripts/benchmarks/undersampled.py).
class ConjugateFill {
 public:
  // Fewer lines beyond the echo than these hold no phase to go by: then all lines are left.
  static constexpr std::int64_t fewest_mirrored = 4;

  // All lines of `measured` are there. `echo` is the line of the echo. Fills the lines beyond the nearer end of
  // `measured` whose mirror image is there. Keeps its memory.
  Completion fill(const HybridSlice& slice, LineRange measured, std::int64_t echo, const ColumnTransform& transform,
                  const threads::Executor& executor);

 private:
  struct Participant {
    std::vector<std::complex<float>> low;
    std::vector<std::complex<float>> image;
  };

  std::vector<Participant> participants_;
};

}  // namespace mriembed::kernels
