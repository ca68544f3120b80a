"""Echo-planar scans of a body, with what distinguishes the two directions of the readout.

A sample lies where the area under its readout gradient says; the two directions of the readout differ by a constant
phase and by a delay of the gradient, which moves the echoes of both apart.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ellipses import Body, drawn_body
from raw_scan import CALIBRATION, PHASE_CORRECTION, REVERSE, Limits, RawScan, Readout, Space

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]
FIELD = 240.0  # of view of the image, in millimetres
LINES = 48
SLAB = 80.0  # millimetres along z


@dataclass(frozen=True)
class Epi:
    """How a slice is measured. Times in microseconds; `shift`: of the echoes of each direction, in steps of k."""

    samples: int = 96
    width: int = 96
    oversampling: float = 2.0
    ramp_up: int = 120
    flat_top: int = 200
    ramp_down: int = 120
    dwell_time: float = 4.0
    delay: float | None = None  # of the first sample; None: the readout lies in the middle of the gradient
    shift: float = 0.2
    phase: float = 0.7
    drift: float = 0.25  # from line to line, by an offset of the frequency
    navigators: int = 3
    shots: int = 1
    first_line: int = 0  # above 0: partial Fourier
    marked: bool = True
    first_reversed: bool = False
    discard: tuple[int, int] = (0, 0)
    acceleration: int = 1
    calibration: int = 0  # ACS lines, measured before the image in `acceleration` shots
    partitions: int = 1


def areas(epi: Epi, times: Real) -> Real:
    """Under the gradient until each time, by summing a finely sampled trapezoid."""
    step = 0.01
    grid = np.arange(0, epi.ramp_up + epi.flat_top + epi.ramp_down + step, step)
    corners = np.cumsum([0, epi.ramp_up, epi.flat_top, epi.ramp_down])
    gradient = np.interp(grid, corners, [0, 1, 1, 0])
    under = np.concatenate([[0], np.cumsum((gradient[1:] + gradient[:-1]) / 2 * step)])
    return np.asarray(np.interp(times, grid, under))


def positions(epi: Epi) -> Real:
    """Of the samples of a forward line in steps of the encoded space; the middle sample's is 0."""
    whole = epi.ramp_up + epi.flat_top + epi.ramp_down
    delay = (whole - epi.samples * epi.dwell_time) / 2 if epi.delay is None else epi.delay
    under = areas(epi, np.asarray(delay + (np.arange(epi.samples) + 0.5) * epi.dwell_time, np.float64))
    begin, end = areas(epi, np.array([delay, delay + epi.samples * epi.dwell_time]))
    return np.asarray((under - under[epi.samples // 2]) * epi.width / (end - begin))


def scan_of(epi: Epi, body: Body) -> RawScan:
    """With all that distinguishes the directions. Partitions are measured one after the other."""
    encoded_field = FIELD * epi.oversampling
    forward = positions(epi)

    def line(ky: float, reversed_: bool, number: int, kz: float = 0) -> NDArray[np.complex64]:
        kx = (-forward if reversed_ else forward) + (-epi.shift if reversed_ else epi.shift)
        k = np.stack([kx / encoded_field, np.full_like(kx, ky / FIELD), np.full_like(kx, kz / SLAB)], -1)
        phase = (0.5 if reversed_ else -0.5) * epi.phase + epi.drift * number
        return np.asarray(body.kspace(k) * np.exp(1j * phase), np.complex64)

    readouts = []
    for shot in range(epi.acceleration if epi.calibration else 0):
        first = (LINES - epi.calibration) // 2 + shot
        for echo, step in enumerate(range(first, (LINES + epi.calibration) // 2, epi.acceleration)):
            reversed_ = (echo % 2 == 1) != epi.first_reversed
            flags = CALIBRATION | (REVERSE if reversed_ else 0)
            samples = line(step - LINES // 2, reversed_, 0)
            readouts.append(Readout(samples, epi.samples // 2, flags=flags, step_1=step, segment=shot))
    steps = range(epi.first_line, LINES, epi.acceleration)
    for partition, shot in itertools.product(range(epi.partitions), range(epi.shots)):
        for echo in range(epi.navigators):
            reversed_ = (echo % 2 == 1) != epi.first_reversed
            flags = PHASE_CORRECTION | (REVERSE if reversed_ else 0)
            readouts.append(Readout(line(0, reversed_, echo), epi.samples // 2, flags=flags, segment=shot))
        for echo, step in enumerate(list(steps)[shot :: epi.shots]):
            reversed_ = (echo % 2 == 1) != epi.first_reversed
            kz = partition - epi.partitions // 2
            samples = line(step - LINES // 2, reversed_, 0, kz)  # what drifts is the image's phase along y, no ghost
            flags = REVERSE if reversed_ and epi.marked else 0
            readouts.append(Readout(samples, epi.samples // 2, *epi.discard, flags, step, partition, segment=shot))
    times: dict[str, float] = {
        "etl": LINES,
        "numberOfNavigators": epi.navigators,
        "rampUpTime": epi.ramp_up,
        "flatTopTime": epi.flat_top,
        "rampDownTime": epi.ramp_down,
        "numSamples": epi.samples,
        "dwellTime": float(epi.dwell_time),
    }
    if epi.delay is not None:
        times["acqDelayTime"] = int(epi.delay)
    return RawScan(
        Space((epi.width, LINES, epi.partitions), (encoded_field, FIELD, SLAB)),
        Space((round(epi.width / epi.oversampling), LINES, epi.partitions), (FIELD, FIELD, SLAB)),
        Limits(epi.first_line, LINES - 1, LINES // 2),
        Limits(0, epi.partitions - 1, epi.partitions // 2) if epi.partitions > 1 else None,
        readouts,
        acceleration=epi.acceleration,
        calibration_mode="separate" if epi.calibration else "",
        trajectory="epi",
        trajectory_times=times,
    )


def slice_of(coils: int = 3, seed: int = 3, depth: float = 4000.0) -> Body:
    box = (FIELD * 0.9, FIELD * 0.8, depth)
    return drawn_body(np.random.default_rng(seed), coils, box, np.array([0, 1 / FIELD, 0]))


SCANS = {
    "ramps": Epi(shift=0, phase=0),
    "ramps without oversampling": Epi(shift=0, phase=0, oversampling=1.0, samples=128, width=64, dwell_time=3.0),
    "uneven ramps": Epi(shift=0, phase=0, ramp_up=60, ramp_down=180, delay=40),
    "more samples than the matrix": Epi(shift=0, phase=0, samples=160, dwell_time=2.5),
    "flat top alone": Epi(ramp_up=60, flat_top=500, ramp_down=60),
    "navigators": Epi(),
    "two navigators": Epi(navigators=2, drift=0),
    "five navigators": Epi(navigators=5, first_reversed=True),
    "first line reversed": Epi(first_reversed=True),
    "two shots": Epi(shots=2),
    "partial Fourier": Epi(first_line=12),
    "discarded samples": Epi(discard=(3, 1)),
    "no navigators": Epi(navigators=0),
    "no navigators, partial Fourier": Epi(navigators=0, first_line=9),
    "no navigators, a large phase": Epi(navigators=0, phase=1.4, shift=0.5),
    "no navigators, nothing to correct": Epi(navigators=0, phase=0, shift=0),
    "no navigators, accelerated": Epi(navigators=0, acceleration=2, calibration=24),
    "no navigators, 3-fold accelerated": Epi(navigators=0, acceleration=3, calibration=30, phase=2.5),
    "no navigators, accelerated, nothing to correct": Epi(
        navigators=0, acceleration=2, calibration=24, phase=0, shift=0
    ),
}
