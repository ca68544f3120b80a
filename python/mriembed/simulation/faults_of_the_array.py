"""Faults of the whole array: what they change of a scan. Their table is in faults.py."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mriembed.simulation.faults_of_coils import WEAK_GAIN, change_gain, raise_noise
from mriembed.simulation.moving_object import displace_lines, rotated
from mriembed.simulation.scan_copy import ScanCopy

_TONE_AMPLITUDE = 5.0  # in standard deviations of a coil's noise
_TONE_LOWEST_FREQUENCY = 1 / 16  # in cycles per sample: outside of the middle eighth of the band
_SPIKE_MAGNITUDE = 0.1  # of the largest magnitude in the coil's slice
_SPIKE_RADIUS = (0.2, 0.95)  # of half of the matrix
_GHOST_PHASE = 0.2  # radians
_MOTION_SHIFT = (3, 2)  # pixels along y and x
_MOTION_START = (3 / 8, 5 / 8)  # share of the measured lines before the motion
_SHIFTS = 3
_SHIFT = (1, 3)  # pixels along each axis, either way
_SHIFTS_AT = (1 / 4, 3 / 4)  # share of the measured lines before each shift
_ROTATION = 5.0  # degrees, either way
_ECHO_DISPLACEMENT = (1 / 4, 3 / 8)  # of the readout, either way


def _add_tone(scan: ScanCopy, random: np.random.Generator) -> None:
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


def _add_spike(scan: ScanCopy, random: np.random.Generator) -> None:
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


def _add_ghost(scan: ScanCopy, random: np.random.Generator) -> None:
    """A phase of the lines at an odd distance from the centre, of random sign; the even lines do not change."""
    height = scan.kspace.shape[2]
    scan.kspace[:, :, (height // 2 + 1) % 2 :: 2] *= np.complex64(np.exp(1j * _GHOST_PHASE * _random_sign(random)))


def _move_object(scan: ScanCopy, random: np.random.Generator) -> None:
    """The object moves once, in all slices after the same share of their measured lines.

    The displacement is towards larger indices. About half of the lines, 3/8 to 5/8, are measured after the motion.
    """
    before = random.uniform(*_MOTION_START)
    shift = np.array(_MOTION_SHIFT, np.float64)
    _displace(scan, lambda lines: np.outer(np.arange(lines) >= round(before * lines), shift))


def _move_object_often(scan: ScanCopy, random: np.random.Generator) -> None:
    """The object moves in all slices after the same shares of their measured lines."""
    before = random.uniform(*_SHIFTS_AT, _SHIFTS)
    shifts = random.uniform(*_SHIFT, (_SHIFTS, 2)) * random.choice([-1, 1], (_SHIFTS, 2))
    _displace(scan, lambda lines: (np.arange(lines)[:, None] >= np.round(before * lines)).astype(np.float64) @ shifts)


def _drift(scan: ScanCopy, random: np.random.Generator) -> None:
    """From the first measured line of each slice to its last one, in a random direction along each axis."""
    total = np.array(_MOTION_SHIFT) * random.choice([-1, 1], 2)
    _displace(scan, lambda lines: np.outer(np.linspace(0, 1, lines), total))


def _displace(scan: ScanCopy, path: Callable[[int], NDArray[np.float64]]) -> None:
    """`path`: (lines, 2), the displacement along y and x at each of so many measured lines of a slice."""
    for kspace, measured in zip(scan.kspace, scan.measured, strict=True):
        lines = np.flatnonzero(measured.any(axis=1))
        displace_lines(kspace, lines, path(len(lines)))


def _rotate_object(scan: ScanCopy, random: np.random.Generator) -> None:
    """Once, about the centre of the field of view, in all slices after the same share of their measured lines."""
    before, degrees = random.uniform(*_MOTION_START), _ROTATION * _random_sign(random)
    for kspace, measured in zip(scan.kspace, scan.measured, strict=True):
        lines = np.flatnonzero(measured.any(axis=1))
        columns = np.flatnonzero(measured.any(axis=0))
        if len(lines) > 0 and not measured[lines[0] : lines[-1] + 1, columns[0] : columns[-1] + 1].all():
            raise ValueError("a rotation needs all samples between the first and the last measured one; some are zero")
        moved = lines[round(before * len(lines)) :]
        kspace[:, moved] = rotated(kspace, degrees)[:, moved] * measured[moved]


def _lose_lines(scan: ScanCopy, random: np.random.Generator) -> None:
    """Zeros in some neighbouring measured lines of one slice, neither its first one nor its last one."""
    inner = [np.flatnonzero(measured.any(axis=1))[1:-1] for measured in scan.measured]
    slices = [index for index, lines in enumerate(inner) if len(lines) > 0]
    if not slices:
        raise ValueError("lost lines need three measured lines in a slice; no slice has them")
    index = random.choice(slices)
    lost = min(len(inner[index]), int(random.integers(1, 5)))
    first = random.integers(len(inner[index]) - lost + 1)
    scan.kspace[index, :, inner[index][first : first + lost]] = 0


def _displace_echo(scan: ScanCopy, random: np.random.Generator) -> None:
    """All slices, along x; samples that leave one end of the readout come back at the other."""
    width = scan.kspace.shape[3]
    samples = round(random.uniform(*_ECHO_DISPLACEMENT) * width) * _random_sign(random)
    scan.kspace[:] = np.roll(scan.kspace, samples, axis=3) * scan.measured[:, None]


def _weaken_array(scan: ScanCopy, random: np.random.Generator) -> None:
    for coil in range(scan.coils):
        change_gain(scan, coil, random, gain=WEAK_GAIN)


def _raise_all_noise(scan: ScanCopy, random: np.random.Generator, *, factor: float) -> None:
    for coil in range(scan.coils):
        raise_noise(scan, coil, random, factor=factor)


def _random_sign(random: np.random.Generator) -> int:
    return 1 if random.random() < 0.5 else -1


ARRAY_FAULTS: dict[str, Callable[[ScanCopy, np.random.Generator], None]] = {
    "RF tone": _add_tone,
    "spike": _add_spike,
    "ghost": _add_ghost,
    "motion": _move_object,
    "several shifts": _move_object_often,
    "slow drift": _drift,
    "rotation": _rotate_object,
    "lost lines": _lose_lines,
    "displaced echo": _displace_echo,
    "noise x 3 in all coils": partial(_raise_all_noise, factor=3.0),
    "weak array": _weaken_array,
}
