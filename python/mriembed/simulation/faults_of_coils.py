"""Faults of one coil or a pair of coils: what they change of a scan. Their table is in faults.py."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mriembed.simulation.scan_copy import ScanCopy, white_noise

WEAK_GAIN = 0.3
_STRONG_GAIN = 3.0
_PAIR_CORRELATION = 0.9
_SCAN_NOISE = 10.0
_FAILURE_DISTANCE = 4  # lines from the centre, at most
_CLIPPING = 0.3  # of the largest real or imaginary part


def typical_coil(kspace: NDArray[np.complex64], random: np.random.Generator) -> int:
    """One of the coils with at least a quarter of the median coil's energy."""
    energy = np.square(np.abs(kspace), dtype=np.float64).sum(axis=(0, 2, 3))
    return int(random.choice(np.flatnonzero((energy >= np.median(energy) / 4) & (energy > 0))))


def _lose_signal(scan: ScanCopy, coil: int, random: np.random.Generator) -> tuple[int, ...]:
    scan.kspace[:, coil] = white_noise(scan.measured.shape, scan.noise_sd()[coil], random) * scan.measured
    return (coil,)


def change_gain(scan: ScanCopy, coil: int, _: np.random.Generator, *, gain: float) -> tuple[int, ...]:
    """Of signal and noise of one coil."""
    scan.kspace[:, coil] *= gain
    if scan.noise is not None:
        scan.noise[coil] *= gain
    return (coil,)


def raise_noise(scan: ScanCopy, coil: int, random: np.random.Generator, *, factor: float) -> tuple[int, ...]:
    """Noise of one coil, `factor` times as large in total: independent noise adds in power."""
    added = scan.noise_sd()[coil] * math.sqrt(factor**2 - 1)
    scan.kspace[:, coil] += white_noise(scan.measured.shape, added, random) * scan.measured
    if scan.noise is not None:
        scan.noise[coil] += white_noise(scan.noise[coil].shape, added, random)
    return (coil,)


def _correlate_pair(scan: ScanCopy, coil: int, _: np.random.Generator) -> tuple[int, ...]:
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


def _lose_readouts(scan: ScanCopy, coil: int, random: np.random.Generator) -> tuple[int, ...]:
    """Zeros in some neighbouring lines of one slice, as where a receiver's packets were lost."""
    index = random.integers(len(scan.kspace))
    lines = np.flatnonzero(scan.measured[index].any(axis=1))
    lost = min(len(lines), int(random.integers(1, 5)))
    first = random.integers(len(lines) - lost + 1)
    scan.kspace[index, coil, lines[first : first + lost]] = 0
    return (coil,)


def _raise_scan_noise(scan: ScanCopy, coil: int, random: np.random.Generator) -> tuple[int, ...]:
    """As `raise_noise`, but without the noise measurement: a loose contact that gradients shake."""
    added = scan.noise_sd()[coil] * math.sqrt(_SCAN_NOISE**2 - 1)
    scan.kspace[:, coil] += white_noise(scan.measured.shape, added, random) * scan.measured
    return (coil,)


def _fail(scan: ScanCopy, coil: int, random: np.random.Generator) -> tuple[int, ...]:
    """Noise alone from one of the central lines of one slice on."""
    index = random.integers(len(scan.kspace))
    first = scan.kspace.shape[2] // 2 + int(random.integers(-_FAILURE_DISTANCE, _FAILURE_DISTANCE + 1))
    measured = scan.measured[index, first:]
    scan.kspace[index, coil, first:] = white_noise(measured.shape, scan.noise_sd()[coil], random) * measured
    return (coil,)


def _fail_between_slices(scan: ScanCopy, coil: int, random: np.random.Generator) -> tuple[int, ...]:
    """Noise alone in the second or a later slice and in all that follow."""
    slices = len(scan.kspace)
    if slices < 2:
        raise ValueError("a coil that fails between slices needs two slices; the scan has one")
    measured = scan.measured[int(random.integers(1, slices)) :]
    noise = white_noise(measured.shape, scan.noise_sd()[coil], random)
    scan.kspace[slices - len(measured) :, coil] = noise * measured
    return (coil,)


def _clip(scan: ScanCopy, coil: int, _: np.random.Generator) -> tuple[int, ...]:
    """All slices share the receiver and its limit."""
    parts = np.ascontiguousarray(scan.kspace[:, coil]).view(np.float32)
    limit = _CLIPPING * np.abs(parts).max()
    scan.kspace[:, coil] = np.clip(parts, -limit, limit).view(np.complex64)
    return (coil,)


COIL_FAULTS: dict[str, Callable[[ScanCopy, int, np.random.Generator], tuple[int, ...]]] = {
    "dead element": _lose_signal,
    "zero coil": partial(change_gain, gain=0.0),
    "weak element": partial(change_gain, gain=WEAK_GAIN),
    "strong element": partial(change_gain, gain=_STRONG_GAIN),
    "noise x 3": partial(raise_noise, factor=3.0),
    "noise x 10": partial(raise_noise, factor=10.0),
    "correlated pair": _correlate_pair,
    "lost readouts": _lose_readouts,
    "noise in the scan": _raise_scan_noise,
    "failing element": _fail,
    "failing between slices": _fail_between_slices,
    "clipping": _clip,
}
