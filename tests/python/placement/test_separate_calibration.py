"""ACS lines that were measured in another way than the image: they calibrate its filling, and are no part of it.

The coils mix harmonics of one line of k-space, so that they hold the missing lines exactly (Sodickson 1997).
"""

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from acquisitions import acquisitions_of
from ellipses import Body, drawn_body
from kspace_oracle import placed_slices
from mriembed import _scans, live
from mriembed.programs import scan_reader_program
from mriembed.scans import read_slices
from program import PROGRAM
from raw_scan import CALIBRATION, Limits, RawScan, Readout, Space, write_raw_scan
from test_random_scans import TOLERANCE, distance

SIZE = 64
FIELD = 240.0
ACS = range(20, 44)


def body_of(coils: int = 4) -> Body:
    return drawn_body(np.random.default_rng(3), coils, (0.9 * FIELD, 0.9 * FIELD, 4000.0), np.array([0, 1 / FIELD, 0]))


def line(body: Body, step: int, samples: int = SIZE, factor: complex = 1, flags: int = 0) -> Readout:
    x = np.arange(samples) - samples // 2
    k = np.stack([x, np.full_like(x, step - SIZE // 2), 0 * x], -1) / FIELD
    return Readout((factor * body.kspace(k)).astype(np.complex64), samples // 2, flags=flags, step_1=step)


def scan_of(lines: list[Readout], acceleration: int = 2) -> RawScan:
    space = Space((SIZE, SIZE, 1), (FIELD, FIELD, 5))
    return RawScan(space, space, Limits(0, SIZE - 1, SIZE // 2), None, lines, acceleration, "separate")


def other_contrast(body: Body) -> Body:
    parts = (replace(part, density=density) for part, density in zip(body.ellipsoids, (0.3, 1, 2, 0.2, 1), strict=True))
    return replace(body, ellipsoids=tuple(parts))


Calibration = Callable[[int], Readout]
KINDS: dict[str, Calibration] = {
    "louder": lambda step: line(body_of(), step, factor=3, flags=CALIBRATION),
    "quieter, of another phase": lambda step: line(body_of(), step, factor=0.2j, flags=CALIBRATION),
    "of another contrast": lambda step: line(other_contrast(body_of()), step, flags=CALIBRATION),
    "shorter": lambda step: line(body_of(), step, samples=40, flags=CALIBRATION),
}


def accelerated(calibration: Calibration, acceleration: int = 2) -> RawScan:
    imaging = [line(body_of(), step) for step in range(0, SIZE, acceleration)]
    return scan_of([calibration(step) for step in ACS] + imaging, acceleration)


def whole() -> NDArray[np.complex128]:
    return placed_slices(scan_of([line(body_of(), step) for step in range(SIZE)]))[0]


def rows(path: Path, model_file: Path) -> list[dict[str, object]]:
    output = path.with_suffix(".jsonl")
    subprocess.run([PROGRAM, "embed", model_file, path, "-o", output], check=True, capture_output=True, timeout=120)
    return [json.loads(text) for text in output.read_text().splitlines()]


@pytest.mark.parametrize("acceleration", [2, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_the_image_is_filled_by_their_kernels(kind: str, acceleration: int, tmp_path: Path, model_file: Path) -> None:
    path = tmp_path / "scan.h5"
    write_raw_scan(path, accelerated(KINDS[kind], acceleration))
    (found,) = read_slices(path)
    last = SIZE - (SIZE - 1) % acceleration  # nothing lies beyond the last measured line to fill from
    assert distance(found.kspace[:, :last], whole()[:, :last]) <= TOLERANCE
    (row,) = rows(path, model_file)
    assert row["sampling"] == f"grappa {acceleration}"
    assert any("measured in another way than the image" in str(text) for text in row["warnings"])  # type: ignore[attr-defined]


def test_those_of_the_image_itself_are_a_part_of_it(tmp_path: Path) -> None:
    path = tmp_path / "scan.h5"
    scan = accelerated(lambda step: line(body_of(), step, factor=1.1, flags=CALIBRATION))
    write_raw_scan(path, scan)
    (found,) = read_slices(path)
    expected = placed_slices(scan)[0]
    assert distance(found.kspace, expected) <= 1e-6


@pytest.mark.parametrize("kind", KINDS)
def test_a_scan_that_is_being_measured_gives_the_bits_of_its_file(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "scan.h5"
    scan = accelerated(KINDS[kind])
    write_raw_scan(path, scan)
    header, lines = acquisitions_of(path)
    measured = live.LiveScan(header)
    (found,) = [part for one in lines for part in measured.add(one)] + measured.end()
    file = _scans.Scan(str(path), str(scan_reader_program()), False, "", "")
    assert np.array_equal(found.kspace, file.read(0))
