// Missing lines of k-space from the two measured lines around them, as images along x.
#pragma once

#include <complex>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/aligned_vector.hpp"

namespace mriembed::kernels {

// A missing line and the measured ones before and after it: the first coil's rows. A measured line that is null counts
// as zero.
struct MissingLine {
  const std::complex<float>* before;
  const std::complex<float>* after;
  std::complex<float>* to;
};

// Weights of a kernel: each coil of the missing line is the sum over coils of both measured lines of a trigonometric
// polynomial in x times the coil there.
struct LineWeights {
  std::int64_t coils = 0;
  std::vector<std::complex<float>> values;  // (coil of the missing line, tap, measured line, coil)
};

// exp(2 pi i t x / width) for the taps t = -2 ... 2 and x up to the next multiple of 16: (tap, real and imaginary part,
// x).
class TapRoots {
 public:
  void resize(std::int64_t width);

  [[nodiscard]] const float* of(std::int64_t tap) const noexcept { return parts_.data() + 2 * tap * pitch_; }
  [[nodiscard]] std::int64_t pitch() const noexcept { return pitch_; }  // from real to imaginary parts

 private:
  std::int64_t width_ = 0;
  std::int64_t pitch_ = 0;
  AlignedVector<float> parts_;
};

// Memory of one thread.
using SynthesisMemory = AlignedVector<float>;

// Fills the columns `first` (a multiple of 16) to `first + columns - 1` of the lines, for all coils, which lie
// `coil_stride` samples apart. The same measured lines are null in all of them.
void fill_lines(std::span<const MissingLine> lines, const LineWeights& weights, const TapRoots& roots,
                std::int64_t coil_stride, std::int64_t first, std::int64_t columns, SynthesisMemory& memory);

}  // namespace mriembed::kernels
