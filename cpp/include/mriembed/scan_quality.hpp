/// @file
/// Measures coils and signal in a scan's samples: noise, signal, interference, spikes. C++17, no torch.
///
/// The embedding ignores coils, gains and noise, so it cannot find their faults. These figures can, and they need no
/// model file. docs/check.md has the formulas.
#pragma once

#include <complex>
#include <cstdint>
#include <memory>
#include <vector>

#include "mriembed/array_view.hpp"
#include "mriembed/export.h"

namespace mriembed {

/// Figures of one coil, over all slices. Amplitudes have the unit of the samples.
struct CoilQuality {
  /// Standard deviation of the complex noise, (E |n|^2)^1/2: of the noise measurement if there is one, otherwise of the
  /// emptiest part of k-space (see ScanQuality). 0: not known.
  double noise = 0;
  bool noise_is_estimated = false;  ///< not from a noise measurement
  /// Root mean square of the samples without noise: (max(0, mean |v|^2 - noise^2))^1/2 over measured lines.
  double signal = 0;
  double signal_share = 0;  ///< of the array: signal^2 over its sum over coils
  double snr = 0;           ///< signal / noise; 0 if the noise is not known
  double correlation = 0;   ///< of noise: largest |psi_ij| / (psi_ii psi_jj)^1/2 with another coil; 0 if not known
  std::int64_t correlated_with = -1;  ///< that coil; -1 if the correlation is not known
  /// Real and imaginary parts with the coil's largest magnitude, to a thousandth, if they are more than 4
  /// times as many as have the second largest: a receiver at its limit repeats the same number.
  std::int64_t clipped = 0;
  bool is_zero = false;  ///< all samples are zero
  /// Mean power around the echo over that of all other samples, in the slice where this is largest: about 1 in noise
  /// alone. 0: not known, because the array sees no object.
  double echo_contrast = 0;
  /// Noise as it is estimated from k-space, if there is a noise measurement to compare it with; 0: not known.
  double scan_noise = 0;
};

/// A line in the spectrum of the outer lines of k-space that no object causes: radio-frequency interference.
struct Interference {
  /// Power over the median of 16 neighbouring frequencies, or over that 3 samples away if this is more: the mean over
  /// coils, or half of that in a single coil if this is more. About 1: none. 0: not known, because no slice's outer
  /// lines are at least 12 lines from the centre.
  double level = 0;
  double frequency = 0;   ///< cycles per sample of the readout, -0.5 to 0.5; times the bandwidth it is in Hz
  std::int64_t coil = 0;  ///< the coil in which it stands out most
};

/// A sample of one slice that stands out from its neighbours in all coils together: by its power, or by its residual
/// (the part of it that the neighbouring lines do not explain).
struct Spike {
  std::int64_t y = 0;
  std::int64_t x = 0;
  double level = 0;  ///< its power, or its residual's, over the mean of the samples around it
  double share = 0;  ///< its magnitude over that of the slice's peak
};

/// Figures of one slice.
struct SliceQuality {
  std::int64_t lines = 0;
  std::int64_t measured_lines = 0;
  /// Lost readouts: readouts of one coil that are all zero where other coils measured the line. Coils that are zero
  /// throughout do not count.
  std::int64_t zero_readouts = 0;
  std::int64_t zero_readouts_coil = -1;  ///< the coil with the most of them; -1: none
  Spike spike;                           ///< the one with the highest level by power
  /// Where k-space peaks, in samples from its centre: the strongest sample that has neighbours in other lines.
  std::int64_t echo_y = 0;
  std::int64_t echo_x = 0;  ///< the same along x
  /// Whether the lines were compared with their neighbours (motion, residual, ghost of 4 coils or more). Not judged
  /// with fewer than 4 coils or 24 lines side by side around the centre, of which at least half of the samples were
  /// measured, nor in a slice of noise alone.
  bool lines_are_judged = false;
  double ghost_phase = 0;  ///< of odd lines relative to even ones, in radians: the N/2 ghost
  /// Level of a sudden motion of the object between two lines; about 0.1 to 1 if nothing moved.
  double motion_level = 0;
  std::int64_t motion_line = 0;  ///< the first line after the motion
  Spike residual_spike;          ///< by the residual: finds small spikes near the centre as well
  /// Whether ghost_phase is known: with at least 4 coils if lines_are_judged and follow from their neighbours, as those
  /// of an object that wraps around may not, with fewer if the object leaves enough of the field of view along y empty.
  /// The ghost then has tan(|ghost_phase| / 2) times the object's magnitude.
  bool ghost_is_judged = false;
  /// Mean power around the echo over that of all other samples, of the median coil: at least 8 where there is an
  /// object. 0: not known.
  double echo_contrast = 0;
  /// Factor by which a coil's echo_contrast differs from the slice before, beyond the change of the median coil; 1: not
  /// judged, because the slices differ altogether.
  double signal_change = 1;
  std::int64_t signal_change_coil = -1;
  bool coil_change_is_judged = false;
  double coil_change = 0;  ///< level of a change of a coil's gain or phase between two lines; below 0.9 without one
  std::int64_t coil_change_coil = -1;
  std::int64_t coil_change_line = 0;  ///< the first line after the change
  /// Lines that are zero in all coils although nearly all others were measured; all lines, if other slices have some.
  std::int64_t lost_lines = 0;
};

/// All figures of a scan.
struct ScanQualityFigures {
  std::vector<CoilQuality> coils;
  std::vector<SliceQuality> slices;
  Interference interference;
  /// Samples from which the correlations of noise are known; 0: many.
  std::int64_t correlation_samples = 0;
};

/// Gathers figures slice by slice. Not thread-safe. Energies of coils are summed in float64, a few samples (over coils,
/// over neighbouring lines) in float32. The same samples give the same bits.
///
/// Noise and interference are estimated from the outer half of the measured lines, at most the outermost 64 and 8192
/// samples of a coil, as images along x. Noise is the mean power of the emptiest eighth of blocks of at least 64
/// samples; these contain noise alone if the object leaves a part of the field of view empty. Their mean is corrected
/// for the selection (order statistics of normal variables, Blom 1958). No noise is estimated for a coil whose emptiest
/// blocks differ by more than chance or have more in common with the next line than noise has, and for no coil if fewer
/// than half of them remain. Correlations are estimated in the blocks that are emptiest in the mean over coils, from
/// the first slices, until at least 4096 samples are gathered; of no coil that has more than its noise there, and of
/// none if fewer than 256 samples are gathered.
class ScanQuality {
 public:
  /// `coils`: of every slice.
  MRIEMBED_EXPORT explicit ScanQuality(std::int64_t coils);
  MRIEMBED_EXPORT ~ScanQuality();
  MRIEMBED_EXPORT ScanQuality(ScanQuality&& other) noexcept;
  MRIEMBED_EXPORT ScanQuality& operator=(ScanQuality&& other) noexcept;
  ScanQuality(const ScanQuality&) = delete;
  ScanQuality& operator=(const ScanQuality&) = delete;

  /// `covariance`: (coils, coils), of a noise measurement with the receiver's gain and bandwidth of the slices.
  /// `samples`: of each coil, from which it was made; 0: many. Throws Error (invalid_argument) for another shape,
  /// (bad_input) for a diagonal that is negative or not finite.
  MRIEMBED_EXPORT void set_noise(const ArrayView<const std::complex<double>, 2>& covariance, std::int64_t samples = 0);

  /// k-space (coils, y, x) as the scanner measured it: not prewhitened; lines that are zero in all coils count as
  /// missing. Slices may differ in size. Throws Error (invalid_argument) for another number of coils or an empty axis,
  /// (bad_input) for samples that are not finite; the figures do not include such a slice. Returns the slice's figures:
  /// those of figures(), except that a coil without a sample so far counts as zero throughout, and that a slice of
  /// zeros counts as lost only after one with samples.
  MRIEMBED_EXPORT SliceQuality add_slice(const ArrayView<const std::complex<float>, 3>& kspace);

  /// Of all slices so far.
  [[nodiscard]] MRIEMBED_EXPORT ScanQualityFigures figures() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace mriembed
