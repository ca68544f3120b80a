"""Echo-planar scans against k-space in closed form.

A sample lies where the area under its readout gradient says; the two directions of the readout differ by a constant
phase and by a delay of the gradient, which moves the echoes of both apart.
"""

import json
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ellipses import Body, drawn_body
from kspace_oracle import placed_slices
from mriembed.scans import read_slices
from program import PROGRAM
from raw_scan import PHASE_CORRECTION, REVERSE, Limits, RawScan, Readout, Space, write_raw_scan
from test_random_scans import TOLERANCE, distance

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]
FIELD = 240.0  # of view of the image, in millimetres
LINES = 48


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
    under = areas(epi, delay + (np.arange(epi.samples) + 0.5) * epi.dwell_time)
    begin, end = areas(epi, np.array([delay, delay + epi.samples * epi.dwell_time]))
    return np.asarray((under - under[epi.samples // 2]) * epi.width / (end - begin))


def scan_of(epi: Epi, body: Body) -> RawScan:
    """With all that distinguishes the directions."""
    encoded_field = FIELD * epi.oversampling
    forward = positions(epi)

    def line(ky: float, reversed_: bool, number: int) -> NDArray[np.complex64]:
        kx = (-forward if reversed_ else forward) + (-epi.shift if reversed_ else epi.shift)
        k = np.stack([kx / encoded_field, np.full_like(kx, ky / FIELD), np.zeros_like(kx)], -1)
        phase = (0.5 if reversed_ else -0.5) * epi.phase + epi.drift * number
        return np.asarray(body.kspace(k) * np.exp(1j * phase), np.complex64)

    readouts = []
    steps = range(epi.first_line, LINES)
    for shot in range(epi.shots):
        for echo in range(epi.navigators):
            reversed_ = (echo % 2 == 1) != epi.first_reversed
            flags = PHASE_CORRECTION | (REVERSE if reversed_ else 0)
            readouts.append(Readout(line(0, reversed_, echo), epi.samples // 2, flags=flags, segment=shot))
        for echo, step in enumerate(list(steps)[shot :: epi.shots]):
            reversed_ = (echo % 2 == 1) != epi.first_reversed
            samples = line(step - LINES // 2, reversed_, 0)  # what drifts is the image's phase along y, no ghost
            flags = REVERSE if reversed_ and epi.marked else 0
            readouts.append(Readout(samples, epi.samples // 2, *epi.discard, flags, step, segment=shot))
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
        Space((epi.width, LINES, 1), (encoded_field, FIELD, 5.0)),
        Space((round(epi.width / epi.oversampling), LINES, 1), (FIELD, FIELD, 5.0)),
        Limits(epi.first_line, LINES - 1, LINES // 2),
        None,
        readouts,
        trajectory="epi",
        trajectory_times=times,
    )


def cartesian(epi: Epi, body: Body) -> Complex:
    """The same slice by evenly spaced lines of one direction."""
    k = (np.arange(epi.width) - epi.width // 2) / (FIELD * epi.oversampling)
    readouts = []
    for step in range(epi.first_line, LINES):
        places = np.stack([k, np.full_like(k, (step - LINES // 2) / FIELD), np.zeros_like(k)], -1)
        readouts.append(Readout(body.kspace(places).astype(np.complex64), epi.width // 2, step_1=step))
    scan = replace(scan_of(epi, body), readouts=readouts)
    return placed_slices(scan)[0]


def slice_of(coils: int = 3, seed: int = 3) -> Body:
    box = (FIELD * 0.9, FIELD * 0.8, 4000.0)
    return drawn_body(np.random.default_rng(seed), coils, box, np.array([0, 1 / FIELD, 0]))


def read(epi: Epi, body: Body, folder: Path) -> NDArray[np.complex64]:
    write_raw_scan(folder / "epi.h5", scan_of(epi, body))
    found = read_slices(folder / "epi.h5")
    assert len(found) == 1
    return found[0].kspace


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
}


@pytest.mark.parametrize("name", SCANS)
def test_an_echo_planar_scan_gives_the_kspace_of_a_cartesian_one(name: str, tmp_path: Path) -> None:
    body = slice_of()
    found, expected = read(SCANS[name], body, tmp_path), cartesian(SCANS[name], body)
    assert distance(found, expected) <= TOLERANCE


@pytest.mark.parametrize("seed", range(6))
def test_without_navigators_other_bodies_give_the_kspace_of_a_cartesian_scan_too(seed: int, tmp_path: Path) -> None:
    body, epi = slice_of(seed=seed), Epi(navigators=0, phase=0.3 + 0.2 * seed, shift=0.1 * seed)
    assert distance(read(epi, body, tmp_path), cartesian(epi, body)) <= TOLERANCE


def test_reversed_lines_that_are_not_marked_are_told_by_the_image(tmp_path: Path) -> None:
    body, epi = slice_of(), Epi(navigators=0, marked=False)
    assert distance(read(epi, body, tmp_path), cartesian(epi, body)) <= TOLERANCE


@pytest.mark.parametrize("seed", range(4))
def test_lines_that_all_have_one_direction_are_not_turned(seed: int, tmp_path: Path) -> None:
    """A readout whose gradient flies back after each line."""
    body, epi = slice_of(seed=seed), Epi(navigators=0, phase=0, shift=0)
    k = positions(epi) / (FIELD * epi.oversampling)
    scan = scan_of(epi, body)
    for index, readout in enumerate(scan.readouts):
        places = np.stack([k, np.full_like(k, (readout.step_1 - LINES // 2) / FIELD), np.zeros_like(k)], -1)
        scan.readouts[index] = replace(readout, samples=body.kspace(places).astype(np.complex64), flags=0)
    write_raw_scan(tmp_path / "epi.h5", scan)
    assert distance(read_slices(tmp_path / "epi.h5")[0].kspace, cartesian(epi, body)) <= TOLERANCE


@pytest.mark.parametrize("noise", [0.01, 0.1])
@pytest.mark.parametrize("navigators", [0, 3])
def test_noise_does_not_hide_the_ghost(noise: float, navigators: int, tmp_path: Path) -> None:
    """`noise` of each real and imaginary part, to the root mean square of the signal."""
    body, epi = slice_of(), Epi(navigators=navigators, phase=0.5, shift=0.1)
    scan, random = scan_of(epi, body), np.random.default_rng(0)
    level = noise * np.sqrt(np.mean([np.mean(np.abs(readout.samples) ** 2) for readout in scan.readouts[navigators:]]))
    for index, readout in enumerate(scan.readouts):
        drawn = random.standard_normal((2, *readout.samples.shape))
        samples = (readout.samples + level * (drawn[0] + 1j * drawn[1])).astype(np.complex64)
        scan.readouts[index] = replace(readout, samples=samples)
    write_raw_scan(tmp_path / "epi.h5", scan)
    by_noise_alone = np.sqrt(2) * noise
    assert distance(read_slices(tmp_path / "epi.h5")[0].kspace, cartesian(epi, body)) <= by_noise_alone


def test_navigators_of_another_readout_do_not_keep_the_image_from_being_read(tmp_path: Path) -> None:
    body, epi = slice_of(), Epi()
    scan = scan_of(epi, body)
    for index in range(epi.navigators):
        short = scan.readouts[index].samples[:, 20:70]
        scan.readouts[index] = replace(scan.readouts[index], samples=short, center_sample=25)
    write_raw_scan(tmp_path / "epi.h5", scan)
    assert distance(read_slices(tmp_path / "epi.h5")[0].kspace, cartesian(epi, body)) <= TOLERANCE


SAID = {
    "navigators": (Epi(), "notes", "the ghost is corrected by the navigator lines (3 of the first slice)"),
    "image": (Epi(navigators=0), "warnings", "there are no navigator lines; the ghost is corrected by the image"),
    "unmarked": (Epi(navigators=0, marked=False), "warnings", "no line is marked as reversed, but by the image"),
    "ramps": (Epi(), "notes", "samples are brought to even spacing"),
}


@pytest.mark.parametrize("name", SAID)
def test_inspect_says_what_was_done(name: str, tmp_path: Path) -> None:
    epi, kind, text = SAID[name]
    write_raw_scan(tmp_path / "epi.h5", scan_of(epi, slice_of()))
    command = [PROGRAM, "inspect", "--json", str(tmp_path / "epi.h5")]
    facts = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert any(text in line for line in facts[kind])


def test_inspect_says_that_a_header_without_a_description_leaves_ramps_as_they_are(tmp_path: Path) -> None:
    scan = replace(scan_of(Epi(), slice_of()), trajectory_times={})
    write_raw_scan(tmp_path / "epi.h5", scan)
    command = [PROGRAM, "inspect", "--json", str(tmp_path / "epi.h5")]
    facts = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert any("the header does not describe the readout" in line for line in facts["warnings"])
