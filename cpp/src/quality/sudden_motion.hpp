// Whether the object moved once between two lines of a slice.
#pragma once

#include <complex>
#include <cstdint>
#include <optional>
#include <vector>

#include "kernels/fourier.hpp"
#include "kernels/predicted_line.hpp"

namespace mriembed::quality {

struct SuddenMotion {
  double level = 0;       // about 0.1 to 1 without motion
  std::int64_t line = 0;  // the first one after the motion

  // Whether a break lies where the strongest lines are.
  static constexpr bool is_at_centre(std::int64_t line, std::int64_t centre) {
    return line - centre <= 2 && centre - line <= 2;
  }
};

// A shift by d multiplies a line by exp(-2 pi i (d_x k_x + d_y k_y) / n), whatever coil sees it: along x a ramp, along
// y, where k_y is that of one line, a phase. Each line l is predicted by GRAPPA's kernel (Griswold et al. 2002,
// doi:10.1002/mrm.10171) from the two beside it, a(l) from the one before and p(l) from the one after, so that
// r = m - a - p is noise and what the kernel cannot explain. With a motion before line b, r(b) holds what the shift
// does to a(b), and r(b-1) what its inverse does to p(b-1). A generalized likelihood ratio: how far the weighted
// residual of both lines falls once the best shift, d_x up to n / 16 pixels in steps of half a pixel with a free phase,
// is undone.
//
//   A(l, k) = sum over coils of g conj(a) (m - p),  B(l, k) of g conj(p) (m - a),  rho(l, k) of g |r|^2,
//   g of a coil: the inverse of its mean |r|^2 in up to 32 lines, where the mean over coils at each sample is 1;
//   v(l, k): the median over lines 3 to 8 away of rho, which is averaged over 9 neighbouring k before,
//   at every fourth k;
//   w = min(1, 2 v / rho) / v: single samples that stand out, spikes, have little weight;
//   C(b, k) = w A(b, k) + conj(w B(b-1, k));
//   q(b) = 2 (max over d_x of |sum over k of C exp(2 pi i d_x k / n)| - Re sum of C) / sum of w rho over both lines.
//
// The level of b is e(b) over 0.05 and the largest q 3 to 8 lines away: what lifts q at all lines, such as interference
// or a ghost, is no motion. e is q for motions alone, where the kernel explains an object badly, as one that wraps
// around: the phase is at most that of a shift along y by n / 16, 2 pi max(|k_y(b)|, |k_y(b-1)|) / 16, and both lines
// have their part in the fall. If the line with less of it has a share h, e counts max(0, (h - 0.25) / 0.15) of the
// fall up to 1: a motion makes h 0.5, an error of one prediction alone 0. Within 2 lines of k_y = 0, where such objects
// leave most unexplained, e is halved if something else than a shift explains more than half as much of the residual:
//
//   one phase for all k, 2 (|sum over k of C| - Re sum of C) / sum of w rho over both lines, or
//   one factor for both predictions, (Re sum of C - E)^2 / (E sum of w rho), with E the sum of w g |a(b)|^2 and
//   w g |p(b-1)|^2 over coils and k: Re sum of C - E is the real part of the sum of w g conj(a) r and w g conj(p) r.
//
// Its figures with and without motion: scripts/benchmarks/check_rates.py. Not thread-safe.
class SuddenMotionCheck {
 public:
  // `first`: the first of so many `lines`, which lie `line_stride` samples apart, as k-space with k_x = 0 in front. The
  // first and the last line have no prediction. The number of samples must be served by FourierTransform when doubled.
  // `centre`: the place of k_y = 0 among the lines.
  SuddenMotion of(const kernels::PredictedLine& first, std::int64_t line_stride, std::int64_t lines,
                  std::int64_t centre);

  // Of the last lines, rho of each sample: (lines, k), k_x ascending. That of the first and of the last line means
  // nothing.
  [[nodiscard]] const std::vector<float>& residual() const { return residual_; }

 private:
  [[nodiscard]] kernels::PredictedLine line(std::int64_t number) const;
  [[nodiscard]] std::vector<float> coil_weights() const;
  void sum_over_coils();
  void find_weights();
  // Of the line after a possible motion and the line before.
  struct Break {
    double still = 0;     // Re sum of C
    double residual = 0;  // sum of w rho
    float peak = 0;       // which C is divided by before its transform
    const std::complex<float>* of_shifts = nullptr;

    // Of the residual, when a shift that lifts `still` to this is undone.
    [[nodiscard]] double fall(double undone) const { return residual > 0 ? 2 * (undone - still) / residual : 0; }
  };
  // Of each line from the second to the last but one.
  void find_shifts();
  // The largest magnitude of all shifts.
  [[nodiscard]] double largest_of(const Break& of_break) const;
  // e of a break, not halved.
  [[nodiscard]] double fall_by_motion(std::int64_t index, std::int64_t centre) const;
  // What one phase or one factor explains of a break's residual, the larger of both.
  [[nodiscard]] double fall_without_motion(std::int64_t index) const;
  // The sum of w g |v|^2 for a prediction of a line.
  [[nodiscard]] double weighted_energy(const std::complex<float>* prediction, std::int64_t number) const;

  kernels::PredictedLine first_{};
  std::int64_t line_stride_ = 0;
  std::int64_t lines_ = 0;
  std::int64_t width_ = 0;
  std::vector<float> coil_weights_;  // g
  // Of each line and k.
  std::vector<float> residual_;                   // rho
  std::vector<float> weight_;                     // w
  std::vector<std::complex<float>> with_before_;  // A
  std::vector<std::complex<float>> with_after_;   // B
  std::vector<std::complex<float>> shifts_;       // (line, shift), of each possible motion
  std::vector<Break> breaks_;
  std::optional<kernels::FourierTransform> transform_;
  kernels::FourierTransform::Memory memory_;
};

}  // namespace mriembed::quality
