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
clipping               one         Real and imaginary parts of k-space are cut off at 0.3 of the largest.
RF tone                whole array Interference of one frequency crosses every line and the noise measurement.
spike                  whole array One k-space sample of one slice is far too large.
ghost                  whole array Odd lines along y are out of phase with even lines, which makes an N/2 ghost.
motion                 whole array The object moves by 3 pixels along y and 2 along x during the scan.
noise x 3 in all coils whole array The standard deviation of the noise is 3 times as large.
====================== =========== =============================================================================

A sample counts as measured if it is not zero in at least one coil. No fault changes a sample that was not measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

_WEAK_GAIN = 0.3
_STRONG_GAIN = 3.0
_PAIR_CORRELATION = 0.9
_TONE_AMPLITUDE = 5.0  # in standard deviations of a coil's noise
_TONE_LOWEST_FREQUENCY = 1 / 16  # in cycles per sample: outside of the middle eighth of the band
_SPIKE_MAGNITUDE = 0.1  # of the largest magnitude in the coil's slice
_SPIKE_RADIUS = (0.2, 0.95)  # of half of the matrix
_GHOST_PHASE = 0.2  # radians
_MOTION_SHIFT = (3, 2)  # pixels along y and x
_MOTION_START = (3 / 8, 5 / 8)  # share of the measured lines before the motion
_SCAN_NOISE = 10.0
_FAILURE_DISTANCE = 4  # lines from the centre, at most
_CLIPPING = 0.3  # of the largest real or imaginary part


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
            "correlated pair" needs two coils with noise, a "spike" a measured sample at 0.2 to 0.95 of half of the
            matrix.
    """
    if fault not in FAULTS:
        raise ValueError(f"fault {fault!r} is unknown; the faults are: {', '.join(FAULTS)}")
    scan = _Scan(raw, noise_sd)
    if coil is not None and not 0 <= coil < scan.coils:
        raise ValueError(f"coil {coil} does not exist; the scan has coils 0 to {scan.coils - 1}")
    coils: tuple[int, ...] = ()
    if fault in _COIL_FAULTS:
        coils = _COIL_FAULTS[fault](scan, _typical_coil(scan.kspace, random) if coil is None else coil, random)
    else:
        _ARRAY_FAULTS[fault](scan, random)
    return FaultyScan(RawSlices(scan.kspace, scan.noise), fault, coils)


class _Scan:
    """A copy of raw slices that a fault may modify.

    Attributes:
        kspace: (slices, coils, y, x) complex64.
        noise: (coils, samples) complex64 or None.
        measured: (slices, y, x) bool, samples that are not zero in at least one coil of the original.
        coils: number of coils.
    """

    def __init__(self, raw: RawSlices, noise_sd: NDArray[np.float64] | None) -> None:
        if raw.kspace.ndim != 4:
            raise ValueError(f"kspace has shape {raw.kspace.shape}; expected (slices, coils, y, x)")
        self.coils: int = raw.kspace.shape[1]
        if raw.noise is not None and (raw.noise.ndim != 2 or len(raw.noise) != self.coils or raw.noise.size == 0):
            raise ValueError(f"noise has shape {raw.noise.shape}; expected ({self.coils}, samples), samples > 0")
        if noise_sd is not None and noise_sd.shape != (self.coils,):
            raise ValueError(f"noise_sd has shape {noise_sd.shape}; expected ({self.coils},)")
        if noise_sd is not None and not (np.isfinite(noise_sd) & (noise_sd >= 0)).all():
            raise ValueError("noise_sd has a value that is negative or not finite; expected standard deviations")
        self.kspace = raw.kspace.astype(np.complex64)
        self.noise = None if raw.noise is None else raw.noise.astype(np.complex64)
        self.measured: NDArray[np.bool_] = (self.kspace != 0).any(axis=1)
        if not self.measured.any():
            raise ValueError("kspace has no measured sample: all samples are zero")
        self._noise_sd = noise_sd

    def noise_sd(self) -> NDArray[np.float64]:
        """(coils,), the standard deviation of each coil's complex noise, from the noise measurement if there is one."""
        if self.noise is not None:
            power: NDArray[np.float64] = np.mean(np.square(np.abs(self.noise), dtype=np.float64), axis=1)
            return np.sqrt(power)
        if self._noise_sd is not None:
            return self._noise_sd
        raise ValueError("the fault needs the noise level; give raw.noise or noise_sd")


def _typical_coil(kspace: NDArray[np.complex64], random: np.random.Generator) -> int:
    """One of the coils with at least a quarter of the median coil's energy."""
    energy = np.square(np.abs(kspace), dtype=np.float64).sum(axis=(0, 2, 3))
    return int(random.choice(np.flatnonzero((energy >= np.median(energy) / 4) & (energy > 0))))


def _white_noise(
    shape: tuple[int, ...], sd: float | NDArray[np.float64], random: np.random.Generator
) -> NDArray[np.complex64]:
    """Independent circular complex noise of the given standard deviation, sqrt(E|n|^2)."""
    parts = random.standard_normal((2, *shape), dtype=np.float32)
    scaled: NDArray[np.complex64] = ((parts[0] + 1j * parts[1]) * (sd / math.sqrt(2))).astype(np.complex64)
    return scaled


def _lose_signal(scan: _Scan, coil: int, random: np.random.Generator) -> tuple[int, ...]:
    scan.kspace[:, coil] = _white_noise(scan.measured.shape, scan.noise_sd()[coil], random) * scan.measured
    return (coil,)


def _change_gain(scan: _Scan, coil: int, _: np.random.Generator, *, gain: float) -> tuple[int, ...]:
    scan.kspace[:, coil] *= gain
    if scan.noise is not None:
        scan.noise[coil] *= gain
    return (coil,)


def _raise_noise(scan: _Scan, coil: int, random: np.random.Generator, *, factor: float) -> tuple[int, ...]:
    """Noise of one coil, `factor` times as large in total: independent noise adds in power."""
    added = scan.noise_sd()[coil] * math.sqrt(factor**2 - 1)
    scan.kspace[:, coil] += _white_noise(scan.measured.shape, added, random) * scan.measured
    if scan.noise is not None:
        scan.noise[coil] += _white_noise(scan.noise[coil].shape, added, random)
    return (coil,)


def _correlate_pair(scan: _Scan, coil: int, _: np.random.Generator) -> tuple[int, ...]:
    """The next coil receives a part of `coil` and keeps its noise power, if the noise of both was independent."""
    if scan.coils < 2:
        raise ValueError("a correlated pair needs two coils; the scan has one")
    receiver = (coil + 1) % scan.coils
    sd = scan.noise_sd()
    if sd[coil] == 0 or sd[receiver] == 0:
        raise ValueError(f"a correlated pair needs noise in both coils; coil {coil} or {receiver} has none")
    own, received = math.sqrt(1 - _PAIR_CORRELATION**2), float(_PAIR_CORRELATION * sd[receiver] / sd[coil])
    scan.kspace[:, receiver] = own * scan.kspace[:, receiver] + received * scan.kspace[:, coil]
    if scan.noise is not None:
        scan.noise[receiver] = own * scan.noise[receiver] + received * scan.noise[coil]
    return (coil, receiver)


def _lose_readouts(scan: _Scan, coil: int, random: np.random.Generator) -> tuple[int, ...]:
    """Zeros in some neighbouring lines of one slice, as where a receiver's packets were lost."""
    index = random.integers(len(scan.kspace))
    lines = np.flatnonzero(scan.measured[index].any(axis=1))
    lost = min(len(lines), int(random.integers(1, 5)))
    first = random.integers(len(lines) - lost + 1)
    scan.kspace[index, coil, lines[first : first + lost]] = 0
    return (coil,)


def _raise_scan_noise(scan: _Scan, coil: int, random: np.random.Generator) -> tuple[int, ...]:
    """As `_raise_noise`, but without the noise measurement: a loose contact that gradients shake."""
    added = scan.noise_sd()[coil] * math.sqrt(_SCAN_NOISE**2 - 1)
    scan.kspace[:, coil] += _white_noise(scan.measured.shape, added, random) * scan.measured
    return (coil,)


def _fail(scan: _Scan, coil: int, random: np.random.Generator) -> tuple[int, ...]:
    """Noise alone from one of the central lines of one slice on."""
    index = random.integers(len(scan.kspace))
    first = scan.kspace.shape[2] // 2 + int(random.integers(-_FAILURE_DISTANCE, _FAILURE_DISTANCE + 1))
    measured = scan.measured[index, first:]
    scan.kspace[index, coil, first:] = _white_noise(measured.shape, scan.noise_sd()[coil], random) * measured
    return (coil,)


def _clip(scan: _Scan, coil: int, _: np.random.Generator) -> tuple[int, ...]:
    """All slices share the receiver and its limit."""
    parts = np.ascontiguousarray(scan.kspace[:, coil]).view(np.float32)
    limit = _CLIPPING * np.abs(parts).max()
    scan.kspace[:, coil] = np.clip(parts, -limit, limit).view(np.complex64)
    return (coil,)


def _add_tone(scan: _Scan, random: np.random.Generator) -> None:
    """One complex exponential along the readout.

    All lines have one frequency. Each line has a random phase, the same for all coils. Each coil has a random
    amplitude and phase, the same for all lines. The noise measurement consists of lines as long as the readout.
    """
    slices, height, width = scan.measured.shape
    amplitude = _TONE_AMPLITUDE * scan.noise_sd() * random.uniform(0.5, 1.5, scan.coils)
    coupling = amplitude * np.exp(2j * np.pi * random.random(scan.coils))
    frequency = random.uniform(_TONE_LOWEST_FREQUENCY, 0.5) * _random_sign(random)
    exponential = np.exp(2j * np.pi * frequency * np.arange(width))
    lines = np.exp(2j * np.pi * random.random((slices, height, 1))) * exponential * scan.measured
    scan.kspace += (coupling[:, None, None] * lines[:, None]).astype(np.complex64)
    if scan.noise is not None:
        samples = scan.noise.shape[1]
        blocks = np.exp(2j * np.pi * random.random((-(-samples // width), 1))) * exponential
        scan.noise += (coupling[:, None] * blocks.ravel()[:samples]).astype(np.complex64)


def _add_spike(scan: _Scan, random: np.random.Generator) -> None:
    """One sample of one slice, in all coils, each with a random factor of 0.8 to 1.2 and a random phase."""
    height, width = scan.measured.shape[1:]
    along_y = (np.arange(height) - height // 2) / (height / 2)
    along_x = (np.arange(width) - width // 2) / (width / 2)
    radius = np.hypot(along_y[:, None], along_x)
    allowed = scan.measured & (radius >= _SPIKE_RADIUS[0]) & (radius <= _SPIKE_RADIUS[1])
    if not allowed.any():
        raise ValueError("a spike needs a measured sample at 0.2 to 0.95 of half of the matrix; the scan has none")
    index = random.choice(np.flatnonzero(allowed.any(axis=(1, 2))))
    y, x = random.choice(np.argwhere(allowed[index]))
    magnitude = _SPIKE_MAGNITUDE * np.abs(scan.kspace[index]).max(axis=(1, 2)) * random.uniform(0.8, 1.2, scan.coils)
    scan.kspace[index, :, y, x] += (magnitude * np.exp(2j * np.pi * random.random(scan.coils))).astype(np.complex64)


def _add_ghost(scan: _Scan, random: np.random.Generator) -> None:
    """A phase of the lines at an odd distance from the centre, of random sign; the even lines do not change."""
    height = scan.kspace.shape[2]
    scan.kspace[:, :, (height // 2 + 1) % 2 :: 2] *= np.complex64(np.exp(1j * _GHOST_PHASE * _random_sign(random)))


def _move_object(scan: _Scan, random: np.random.Generator) -> None:
    """The object moves once, in all slices after the same share of their measured lines, in ascending order along y.

    The displacement is towards larger indices. About half of the lines, 3/8 to 5/8, are measured after the motion.
    """
    height, width = scan.kspace.shape[2:]
    cycles = (
        _MOTION_SHIFT[0] * (np.arange(height)[:, None] - height // 2) / height
        + _MOTION_SHIFT[1] * (np.arange(width) - width // 2) / width
    )
    displacement = np.exp(-2j * np.pi * cycles).astype(np.complex64)
    before = random.uniform(*_MOTION_START)
    for kspace, measured in zip(scan.kspace, scan.measured, strict=True):
        lines = np.flatnonzero(measured.any(axis=1))
        moved = lines[round(before * len(lines)) :]
        kspace[:, moved] *= displacement[moved]


def _raise_all_noise(scan: _Scan, random: np.random.Generator, *, factor: float) -> None:
    for coil in range(scan.coils):
        _raise_noise(scan, coil, random, factor=factor)


def _random_sign(random: np.random.Generator) -> int:
    return 1 if random.random() < 0.5 else -1


_COIL_FAULTS: dict[str, Callable[[_Scan, int, np.random.Generator], tuple[int, ...]]] = {
    "dead element": _lose_signal,
    "zero coil": partial(_change_gain, gain=0.0),
    "weak element": partial(_change_gain, gain=_WEAK_GAIN),
    "strong element": partial(_change_gain, gain=_STRONG_GAIN),
    "noise x 3": partial(_raise_noise, factor=3.0),
    "noise x 10": partial(_raise_noise, factor=10.0),
    "correlated pair": _correlate_pair,
    "lost readouts": _lose_readouts,
    "noise in the scan": _raise_scan_noise,
    "failing element": _fail,
    "clipping": _clip,
}

_ARRAY_FAULTS: dict[str, Callable[[_Scan, np.random.Generator], None]] = {
    "RF tone": _add_tone,
    "spike": _add_spike,
    "ghost": _add_ghost,
    "motion": _move_object,
    "noise x 3 in all coils": partial(_raise_all_noise, factor=3.0),
}

FAULTS: tuple[str, ...] = (*_COIL_FAULTS, *_ARRAY_FAULTS)
