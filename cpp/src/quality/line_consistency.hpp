// Whether the lines of a slice fit each other.
//
// A line of k-space follows from the two beside it by what the coils see differently (GRAPPA, Griswold et al. 2002,
// doi:10.1002/mrm.10171): the weights are the same everywhere, as long as all lines are of the same object and phase.
#pragma once

#include <complex>
#include <cstdint>
#include <optional>
#include <vector>

#include "kernels/coherence.hpp"
#include "kernels/fourier.hpp"
#include "kernels/grappa_kernels.hpp"
#include "mriembed/array_view.hpp"
#include "mriembed/scan_quality.hpp"
#include "quality/echo.hpp"
#include "quality/sudden_motion.hpp"
#include "threads/executor.hpp"

namespace mriembed::quality {

struct LineConsistency {
  bool judged = false;
  bool ghost_is_judged = false;
  // Half of the phase between what the weights of odd lines and those of even lines say of the same line: with odd
  // lines turned by p, the ones carry exp(i p) and the others exp(-i p).
  double ghost_phase = 0;
  SuddenMotion motion;
  // The sample whose residual (what both lines beside it do not explain) stands out most of those around it, by its
  // place in the slice; `share` is left open.
  Spike residual_spike;
};

class LineConsistencyCheck {
 public:
  static constexpr std::int64_t fewest_coils = 4;

  // Of the central 128 samples of the lines around the centre, up to a quarter of k-space either way, in the 8 coils of
  // the most energy. Not judged with less than 4 coils, 16 samples or 24 lines side by side, in which at least half of
  // the samples were measured, nor where there is noise alone: where the coherence of both predictions is less than a
  // half. Where it is less than 0.965, the coils do not resolve the object, as if it wraps around, or it moved: the
  // ghost is not judged.
  // `scales`: with which the samples of each coil have a mean power near 1. `echo`: where no spike is told.
  LineConsistency of(const ArrayView<const std::complex<float>, 3>& kspace, const std::vector<bool>& measured,
                     const std::vector<double>& energies, const std::vector<float>& scales, Echo echo);

 private:
  void read(const ArrayView<const std::complex<float>, 3>& kspace, const std::vector<std::int64_t>& coils, float scale,
            std::int64_t first, std::int64_t lines);
  // Finds the weights by which odd, even and all lines follow from those beside them. Whether there are any.
  bool calibrate();
  // Predicts the lines 1, 1 + step, ... but the last from the one before, from the one after, or from both.
  enum class From { before, after, both };
  void predict(kernels::GrappaKernels& weights, From sources, std::int64_t step,
               std::vector<std::complex<float>>& predicted);
  // `echo`: by its place among the lines.
  [[nodiscard]] Spike residual_spike(Echo echo) const;
  // What both lines beside it leave unexplained of the power of a sample, over all coils; k_x ascending.
  [[nodiscard]] double residual_share(std::int64_t number, std::int64_t x) const;
  // The samples are images along x; the motion is told in k-space, by the weights of all lines.
  // `centre`: the place of k_y = 0 among the lines.
  SuddenMotion motion(std::int64_t centre);
  // Of the predictions by the weights of even lines and of odd ones, in up to 32 lines.
  kernels::Coherence coherence();
  [[nodiscard]] std::complex<float>* line(std::vector<std::complex<float>>& of, std::int64_t coil,
                                          std::int64_t number) const {
    return of.data() + (number * coils_ + coil) * width_;
  }

  std::int64_t coils_ = 0;
  std::int64_t lines_ = 0;
  std::int64_t width_ = 0;
  // All coils of a line lie together: what belongs to neighbouring lines is read together.
  std::vector<std::complex<float>> samples_;   // (lines, coils, x), images along x
  std::vector<std::complex<float>> measured_;  // (lines, coils, k), k-space
  std::vector<std::complex<float>> predicted_;
  std::vector<std::complex<float>> predicted_otherwise_;
  kernels::GrappaKernels weights_of_odd_;
  kernels::GrappaKernels weights_of_even_;
  kernels::GrappaKernels weights_of_all_;
  SuddenMotionCheck motion_;
  std::optional<kernels::FourierTransform> transform_;
  kernels::FourierTransform::Memory memory_;
  threads::Executor executor_{1, {}};
};

}  // namespace mriembed::quality
