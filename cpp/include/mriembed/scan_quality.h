/** @file
 * The C interface of scan_quality.hpp and quality_findings.hpp, which explain each figure and limit. It measures coils
 * and signal in a scan's samples and needs no model file.
 *
 *     mriembed_scan_quality* quality = NULL;
 *     mriembed_scan_quality_create(coils, &quality, &error);
 *     for each slice: mriembed_scan_quality_add_slice(quality, kspace, shape, NULL, &error);
 *     mriembed_scan_quality_find(quality, NULL, &count, &error);
 *     for each finding: mriembed_scan_quality_finding(quality, index, &finding, &error);
 *     mriembed_scan_quality_destroy(quality);
 *
 * Structs that a function fills start with struct_size, which the caller sets to sizeof the struct. Status and error
 * are those of mriembed.h; `error` may be NULL. One thread at a time may use a mriembed_scan_quality. */
#ifndef MRIEMBED_SCAN_QUALITY_H
#define MRIEMBED_SCAN_QUALITY_H

#include <stddef.h>
#include <stdint.h>

#include "mriembed/export.h"
#include "mriembed/mriembed.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The figures of a scan; the caller owns it from create to destroy. */
typedef struct mriembed_scan_quality mriembed_scan_quality;

/** Figures of one coil, over all slices. */
typedef struct mriembed_coil_quality {
  size_t struct_size;
  double noise; /**< standard deviation, in the unit of the samples; 0: not known */
  int noise_is_estimated;
  double signal;
  double signal_share;
  double snr;              /**< 0: the noise is not known */
  double correlation;      /**< of noise, with correlated_with; 0: not known */
  int64_t correlated_with; /**< coil, from 0; -1: the correlation is not known */
  int64_t clipped;         /**< samples */
  int is_zero;
  double echo_contrast; /**< power around the echo over that elsewhere; 0: not known */
  double scan_noise;    /**< estimated, where the noise was measured as well; 0: not known */
} mriembed_coil_quality;

/** Figures of one slice. */
typedef struct mriembed_slice_quality {
  size_t struct_size;
  int64_t lines;
  int64_t measured_lines;
  int64_t spike_y; /**< the sample that stands out most */
  int64_t spike_x;
  double spike_level;
  double spike_share;
  int64_t echo_y; /**< where k-space peaks, in samples from its centre */
  int64_t echo_x;
  int lines_are_judged; /**< 0: motion_level and motion_line are not known */
  double ghost_phase;   /**< radians */
  double motion_level;
  int64_t motion_line;
  int64_t zero_readouts;      /**< of one coil each, where other coils measured the line */
  int64_t zero_readouts_coil; /**< the coil with the most of them; -1: none */
  int64_t residual_spike_y;   /**< the sample whose residual stands out most */
  int64_t residual_spike_x;
  double residual_spike_level; /**< 0: not known */
  double residual_spike_share;
  int ghost_is_judged;  /**< 0: ghost_phase is not known */
  double echo_contrast; /**< of the median coil; 0: not known */
  double signal_change; /**< of a coil's echo_contrast since the slice before; 1: not judged */
  int64_t signal_change_coil;
  int coil_change_is_judged;
  double coil_change; /**< of a coil's gain or phase between two lines */
  int64_t coil_change_coil;
  int64_t coil_change_line;
  int64_t lost_lines; /**< lines that are zero in all coils */
} mriembed_slice_quality;

/** The strongest line in the spectrum of the noise. */
typedef struct mriembed_interference {
  size_t struct_size;
  double level;
  double frequency; /**< cycles per sample of the readout, -0.5 to 0.5 */
  int64_t coil;
} mriembed_interference;

/** What is broken, as mriembed::Fault. */
typedef enum mriembed_fault {
  MRIEMBED_ZERO_COIL = 0,
  MRIEMBED_NO_SIGNAL = 1,
  MRIEMBED_HIGH_NOISE = 2,
  MRIEMBED_LOW_NOISE = 3,
  MRIEMBED_CORRELATED = 4,
  MRIEMBED_CLIPPED = 5,
  MRIEMBED_INTERFERENCE = 6,
  MRIEMBED_SPIKE = 7,
  MRIEMBED_GHOST = 8,
  MRIEMBED_MOTION = 9,
  MRIEMBED_LOST_READOUTS = 10,
  MRIEMBED_NOISE_INCREASE = 11,
  MRIEMBED_NOISE_DECREASE = 12,
  MRIEMBED_SIGNAL_CHANGE = 13,
  MRIEMBED_COIL_CHANGE = 14,
  MRIEMBED_SCAN_NOISE = 15,
  MRIEMBED_LOST_LINES = 16,
  MRIEMBED_ECHO = 17
} mriembed_fault;

/** Limits, as mriembed::QualityLimits. Fill with mriembed_quality_limits_init, then change what should differ. */
typedef struct mriembed_quality_limits {
  size_t struct_size; /**< set by the init function */
  double high_noise;
  double low_noise;
  double low_snr;
  double correlation;
  double clipped;
  double interference;
  double spike;
  double ghost_phase;
  double motion_level;
  double zero_readouts;
  double residual_spike;
  double noise_increase;
  double noise_decrease;
  double array_noise_increase;
  double array_noise_decrease;
  double no_signal;
  double signal_change;
  double coil_change;
  double scan_noise;
  double lost_lines;
  double echo;
} mriembed_quality_limits;

/** A figure beyond its limit. */
typedef struct mriembed_finding {
  size_t struct_size;
  mriembed_fault fault;
  int64_t coil;  /**< -1: the array */
  int64_t slice; /**< in the order of mriembed_scan_quality_add_slice; -1: all */
  double value;
  double limit;
  double severity; /**< how far beyond the limit, as a factor of at least 1; may be infinite */
} mriembed_finding;

/** Sets the defaults. */
MRIEMBED_EXPORT void mriembed_quality_limits_init(mriembed_quality_limits* limits);

/** "zero_coil", ...; lives as long as the library. NULL for a value that is not a fault. */
MRIEMBED_EXPORT const char* mriembed_fault_name(mriembed_fault fault);

/** Makes the figures of slices with this number of coils. On failure, `*quality` is set to NULL. */
MRIEMBED_EXPORT mriembed_status mriembed_scan_quality_create(int64_t coils, mriembed_scan_quality** quality,
                                                             mriembed_error* error);
/** Releases the figures. NULL is allowed. */
MRIEMBED_EXPORT void mriembed_scan_quality_destroy(mriembed_scan_quality* quality);

/** Sets the noise covariance. `covariance`: (coils, coils) complex, real and imaginary interleaved, row-major, of a
 * noise measurement with the receiver's gain and bandwidth of the slices. */
MRIEMBED_EXPORT mriembed_status mriembed_scan_quality_set_noise(mriembed_scan_quality* quality,
                                                                const double* covariance, mriembed_error* error);

/** Adds k-space (coils, y, x) as the scanner measured it, pairs real, imaginary; lines that are zero in all coils count
 * as missing. `strides` counts complex elements; NULL means row-major. The samples are read during the call only. The
 * figures do not include a slice that is rejected. */
MRIEMBED_EXPORT mriembed_status mriembed_scan_quality_add_slice(mriembed_scan_quality* quality, const float* kspace,
                                                                const int64_t shape[3], const int64_t strides[3],
                                                                mriembed_error* error);

/** Slices so far; 0 for NULL. */
MRIEMBED_EXPORT int64_t mriembed_scan_quality_slices(const mriembed_scan_quality* quality);

/** Figures of one coil, of all slices so far. */
MRIEMBED_EXPORT mriembed_status mriembed_scan_quality_coil(mriembed_scan_quality* quality, int64_t coil,
                                                           mriembed_coil_quality* figures, mriembed_error* error);
/** Figures of one slice. */
MRIEMBED_EXPORT mriembed_status mriembed_scan_quality_slice(mriembed_scan_quality* quality, int64_t slice,
                                                            mriembed_slice_quality* figures, mriembed_error* error);
/** The noise spectrum, of all slices so far. */
MRIEMBED_EXPORT mriembed_status mriembed_scan_quality_interference(mriembed_scan_quality* quality,
                                                                   mriembed_interference* figures,
                                                                   mriembed_error* error);

/** Sets limits of one coil, for findings in coils, which replace those that mriembed_scan_quality_find gets: for an
 * element that is known to be weak. They hold until others are set; NULL removes them. */
MRIEMBED_EXPORT mriembed_status mriembed_scan_quality_set_coil_limits(mriembed_scan_quality* quality, int64_t coil,
                                                                      const mriembed_quality_limits* limits,
                                                                      mriembed_error* error);
/** Sets the noise of an earlier scan with the same coils, with which that of each coil and of the array is compared.
 * `noise`: of each coil, as in mriembed_coil_quality, at the bandwidth and number of averages of the slices; 0: not
 * known. NULL removes it. Measured noise is compared with measured noise only, and estimated with estimated. */
MRIEMBED_EXPORT mriembed_status mriembed_scan_quality_set_reference(mriembed_scan_quality* quality, const double* noise,
                                                                    int is_estimated, mriembed_error* error);
/** Compares the figures with limits (NULL: the defaults) and gives the number of findings. */
MRIEMBED_EXPORT mriembed_status mriembed_scan_quality_find(mriembed_scan_quality* quality,
                                                           const mriembed_quality_limits* limits, int64_t* count,
                                                           mriembed_error* error);
/** A finding of the last mriembed_scan_quality_find, from 0, the worst first. */
MRIEMBED_EXPORT mriembed_status mriembed_scan_quality_finding(const mriembed_scan_quality* quality, int64_t index,
                                                              mriembed_finding* finding, mriembed_error* error);

#ifdef __cplusplus
}
#endif

#endif
