// What a scan's samples say of its coils and its signal: noise, signal, interference, spikes. C++17, no torch.
//
// The embedding is made to ignore coils, gains and noise, and finds none of their faults. These figures are physics,
// and need no model file.
#pragma once

#include <complex>
#include <cstdint>
#include <memory>
#include <vector>

#include "mriembed/array_view.hpp"
#include "mriembed/export.h"

namespace mriembed {

// Of one coil, over all slices. Amplitudes have the unit of the samples.
struct CoilQuality {
  // Standard deviation of the complex noise, (E |n|^2)^1/2: of the noise measurement where there is one, otherwise that
  // of the emptiest part of k-space (see ScanQuality). 0: not known.
  double noise = 0;
  bool noise_is_estimated = false;
  // Root mean square of the samples without noise: (max(0, mean |v|^2 - noise^2))^1/2 over measured lines.
  double signal = 0;
  double signal_share = 0;  // of the array: signal^2 over its sum over coils
  double snr = 0;           // signal / noise; 0 where the noise is not known
  // Largest |psi_ij| / (psi_ii psi_jj)^1/2 with another coil, and that coil; 0 and -1 without a noise measurement.
  double correlation = 0;
  std::int64_t correlated_with = -1;
  // Samples with a real or imaginary part that is the coil's largest, where more than two share it: a receiver at its
  // limit gives the same number again and again.
  std::int64_t clipped = 0;
  bool is_zero = false;  // no sample differs from zero
};

// A line in the spectrum of the outer lines of k-space that no object makes: radio-frequency interference.
struct Interference {
  double level = 0;       // mean over coils of power over the median power of 16 neighbouring frequencies; 1: none
  double frequency = 0;   // cycles a sample of the readout, -0.5 to 0.5; times the bandwidth it is in Hz
  std::int64_t coil = 0;  // in which it stands out most
};

// A sample of one slice that stands out of its neighbours in all coils together: by its power, or by its residual, what
// of it the lines beside it do not explain.
struct Spike {
  std::int64_t y = 0;
  std::int64_t x = 0;
  double level = 0;  // its power, or its residual's, over the mean of the samples around it
  double share = 0;  // its magnitude over that of the slice's peak
};

struct SliceQuality {
  std::int64_t lines = 0;
  std::int64_t measured_lines = 0;
  // Readouts of one coil that are all zero where other coils measured the line, in coils that are not zero throughout:
  // samples were lost. And the coil with the most of them, -1: none.
  std::int64_t zero_readouts = 0;
  std::int64_t zero_readouts_coil = -1;
  Spike spike;              // by power: the one of the highest level
  std::int64_t echo_y = 0;  // where k-space peaks, in samples from its centre
  std::int64_t echo_x = 0;
  // Whether lines fit each other (what two neighbours and the differences between coils say of a line); not judged with
  // less than 4 coils or 24 lines side by side around the centre, of which at least half of the samples were measured,
  // nor in a slice of noise alone.
  bool lines_are_judged = false;
  double ghost_phase = 0;  // of odd lines against even ones, in radians: the N/2 ghost
  // Of a sudden motion of the object between two lines (quality/sudden_motion.hpp has the formula), and the first line
  // after it; about 0.1 to 1 where nothing moved.
  double motion_level = 0;
  std::int64_t motion_line = 0;
  Spike residual_spike;  // by the residual: tells small spikes near the centre as well
};

struct ScanQualityFigures {
  std::vector<CoilQuality> coils;
  std::vector<SliceQuality> slices;
  Interference interference;
};

// Gathers figures slice by slice. Not thread-safe. Energies of coils are summed in float64, a few samples (over coils,
// over neighbouring lines) in float32. The same samples give the same bits.
//
// Noise and interference are told from the outer half of the measured lines, at most the outermost 64 and 8192 samples
// of a coil, as images along x. Noise is the mean power of blocks of at least 64 samples, of which the emptiest eighth
// holds noise alone wherever the object leaves a part of the field of view empty. The mean of that eighth is corrected
// for having been chosen (order statistics of normal variables, Blom 1958). No noise is estimated where these blocks
// differ by more than chance, and none at all where that leaves less than half of the coils.
class ScanQuality {
 public:
  // `coils`: of every slice.
  MRIEMBED_EXPORT explicit ScanQuality(std::int64_t coils);
  MRIEMBED_EXPORT ~ScanQuality();
  MRIEMBED_EXPORT ScanQuality(ScanQuality&& other) noexcept;
  MRIEMBED_EXPORT ScanQuality& operator=(ScanQuality&& other) noexcept;
  ScanQuality(const ScanQuality&) = delete;
  ScanQuality& operator=(const ScanQuality&) = delete;

  // `covariance`: (coils, coils), of a noise measurement with the receiver's gain and bandwidth of the slices. Throws
  // Error (invalid_argument) for another shape, (bad_input) for a diagonal that is negative or not finite.
  MRIEMBED_EXPORT void set_noise(const ArrayView<const std::complex<double>, 2>& covariance);

  // k-space (coils, y, x) as the scanner measured it: not prewhitened, lines that are zero in all coils count as
  // missing. Slices may differ in size. Throws Error (invalid_argument) for another number of coils or an empty axis,
  // (bad_input) for samples that are not finite; such a slice leaves no trace in the figures. Returns the slice's
  // figures: those of figures(), but that a coil without a sample so far counts as zero throughout.
  MRIEMBED_EXPORT SliceQuality add_slice(const ArrayView<const std::complex<float>, 3>& kspace);

  // Of all slices so far.
  [[nodiscard]] MRIEMBED_EXPORT ScanQualityFigures figures() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace mriembed
