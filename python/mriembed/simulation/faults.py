"""Scanner faults in raw scans, for tests of a scan check.

====================== =========== =============================================================================
fault                  coils       change
====================== =========== =============================================================================
dead element           one         The signal is lost. The noise of the preamplifier remains.
zero coil              one         k-space and noise measurement are zero.
weak element           one         The gain is 0.3.
strong element         one         The gain is 3.
noise x 3              one         The standard deviation of the noise is 3 times as large.
noise x 10             one         The standard deviation of the noise is 10 times as large.
correlated pair        two         The next coil (cyclic order) receives 0.9 of the coil's signal and noise.
lost readouts          one         1 to 4 neighbouring readouts of one slice are zero.
noise in the scan      one         The noise is 10 times as large in k-space, but not in the noise measurement.
failing element        one         The signal of one slice is lost from one of its central lines on.
failing between slices one         The signal is lost from one slice on, not from the first one.
clipping               one         Real and imaginary parts of k-space are cut off at 0.3 of the largest.
RF tone                whole array Interference of one frequency crosses every line and the noise measurement.
spike                  whole array One k-space sample of one slice is far too large.
ghost                  whole array Odd lines along y are out of phase with even lines, which makes an N/2 ghost.
motion                 whole array The object moves by 3 pixels along y and 2 along x during the scan.
several shifts         whole array The object moves 3 times, by 1 to 3 pixels along y and along x each time.
slow drift             whole array The object moves steadily, in total by 3 pixels along y and 2 along x.
rotation               whole array The object rotates by 5 degrees during the scan.
lost lines             whole array 1 to 4 neighbouring lines of one slice are zero, between the first and the last line.
displaced echo         whole array k-space lies a quarter to three eighths of the readout off its centre.
noise x 3 in all coils whole array The standard deviation of the noise is 3 times as large.
weak array             whole array The gain is 0.3.
====================== =========== =============================================================================

A sample counts as measured if it is not zero in at least one coil. No fault changes a sample that was not measured.
Lines are measured in ascending order along y. Motion is that of the coils' images: sensitivities move with the object.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mriembed.simulation.faults_of_coils import COIL_FAULTS, typical_coil
from mriembed.simulation.faults_of_the_array import ARRAY_FAULTS
from mriembed.simulation.scan_copy import ScanCopy

FAULTS: tuple[str, ...] = (*COIL_FAULTS, *ARRAY_FAULTS)


@dataclass(frozen=True, eq=False)
class RawSlices:
    """Raw slices of one scan and the noise measurement of the scan.

    Attributes:
        kspace: (slices, coils, y, x) complex64, the centre of k-space at n // 2 along y and x. Lines that were not
            measured are zero.
        noise: (coils, samples) complex64, a noise measurement with the gain and the sampling rate of `kspace`; None if
            the scan has none.
    """

    kspace: NDArray[np.complex64]
    noise: NDArray[np.complex64] | None = None


@dataclass(frozen=True, eq=False)
class FaultyScan:
    """A scan with one fault.

    Attributes:
        raw: the faulty scan. It shares no memory with the scan it was made from.
        fault: the fault's name, one of `FAULTS`.
        coils: indices of the faulty coils; empty if the fault concerns the whole array. A "correlated pair" has two:
            the coil that is received, then the coil that receives it.
    """

    raw: RawSlices
    fault: str
    coils: tuple[int, ...]


def with_fault(
    raw: RawSlices,
    fault: str,
    random: np.random.Generator,
    coil: int | None = None,
    noise_sd: NDArray[np.float64] | None = None,
) -> FaultyScan:
    """A copy of a scan with one fault.

    Args:
        raw: the scan; it is not modified.
        fault: one of `FAULTS`.
        random: the same state gives the same result.
        coil: index of the faulty coil. None: one of the coils with at least a quarter of the median coil's energy.
            Faults of the whole array ignore it.
        noise_sd: (coils,) standard deviation of each coil's complex noise, sqrt(E|n|^2), in units of `raw.kspace`.
            It is only used if the scan has no noise measurement.

    Raises:
        ValueError: the fault is unknown, the coil does not exist, a shape is wrong, no sample was measured, the noise
            level is needed but neither `raw.noise` nor `noise_sd` gives it, or the scan is too small for the fault: a
            "correlated pair" needs two coils with noise, "failing between slices" two slices, "lost lines" three
            measured lines in a slice, a "spike" a measured sample at 0.2 to 0.95 of half of the matrix, a "rotation"
            slices without gaps between their measured lines and samples.
    """
    if fault not in FAULTS:
        raise ValueError(f"fault {fault!r} is unknown; the faults are: {', '.join(FAULTS)}")
    scan = ScanCopy(raw.kspace, raw.noise, noise_sd)
    if coil is not None and not 0 <= coil < scan.coils:
        raise ValueError(f"coil {coil} does not exist; the scan has coils 0 to {scan.coils - 1}")
    coils: tuple[int, ...] = ()
    if fault in COIL_FAULTS:
        coils = COIL_FAULTS[fault](scan, typical_coil(scan.kspace, random) if coil is None else coil, random)
    else:
        ARRAY_FAULTS[fault](scan, random)
    return FaultyScan(RawSlices(scan.kspace, scan.noise), fault, coils)
