"""Slabs that leave lines out along y and z, as most 3D scans do: the slices are those of the whole scan.

The coils mix harmonics of one line and of one partition of k-space, so that they hold the missing samples exactly, as
in SMASH (Sodickson 1997): a right reconstruction is exact but for what its regularization costs.
"""

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from ellipses import Body, drawn_body
from kspace_oracle import placed_slices
from mriembed.scans import read_slices
from program import PROGRAM
from raw_scan import CALIBRATION, CALIBRATION_AND_IMAGING, Limits, RawScan, Readout, Space, write_raw_scan
from test_random_scans import TOLERANCE, distance

NX, NY, NZ = 32, 37, 25  # the first and the last line and partition lie on every grid
FOV = np.array([192.0, 216.0, 120.0])
MATRIX = (NX, NY, NZ)


class Line(NamedTuple):
    """Steps of a line from the centre of k-space."""

    y: int
    z: int


Pattern = Callable[[Line], bool]  # whether a line is measured
ALL_LINES = [Line(y, z) for z in range(-(NZ // 2), NZ - NZ // 2) for y in range(-(NY // 2), NY - NY // 2)]


def slab_body(seed: int, along_y: int, along_z: int) -> Body:
    """Coils that mix so many harmonics along each axis."""
    random = np.random.default_rng(seed)
    coils = along_y * along_z
    body = drawn_body(random, coils, tuple((FOV * 0.9).tolist()), np.array([0, 1, 0]) / FOV)
    y, z = np.divmod(np.arange(coils), along_z)
    return replace(body, waves=np.stack([0 * y, y, z], axis=1) / FOV)


def slab_scan(body: Body, pattern: Pattern | None = None, flags: Callable[[Line], int] | None = None) -> RawScan:
    """Of all lines or those of a pattern."""
    lines = [line for line in ALL_LINES if pattern is None or pattern(line)]
    k = np.array([(x - NX // 2, *line) for line in lines for x in range(NX)]) / FOV
    samples = (1e-6 * body.kspace(k)).astype(np.complex64)
    readouts = [
        Readout(
            readout,
            NX // 2,
            flags=0 if flags is None else flags(line),
            step_1=line.y + NY // 2,
            step_2=line.z + NZ // 2,
        )
        for line, readout in zip(lines, np.split(samples, len(lines), axis=1), strict=True)
    ]
    space = Space(MATRIX, (float(FOV[0]), float(FOV[1]), float(FOV[2])))
    return RawScan(space, space, Limits(0, NY - 1, NY // 2), Limits(0, NZ - 1, NZ // 2), readouts)


def in_box(line: Line) -> bool:
    return -8 <= line.y < 8 and -6 <= line.z < 6


def in_ellipse(line: Line) -> bool:
    return (line.y / (NY / 2)) ** 2 + (line.z / (NZ / 2)) ** 2 <= 1


@dataclass(frozen=True)
class Acceleration:
    """Lines on a grid, those of the calibration, and what the rows are to say."""

    y: int
    z: int
    on_grid: Pattern
    sampling: str
    in_calibration: Pattern = in_box

    def pattern(self, line: Line) -> bool:
        return self.on_grid(line) or self.in_calibration(line)


KINDS = {
    "1 x 2": Acceleration(2, 2, lambda line: line.z % 2 == 0, "grappa 1 x 2"),
    "1 x 3, whole partitions": Acceleration(
        1, 3, lambda line: line.z % 3 == 0, "grappa 1 x 3", lambda line: abs(line.z) < 5
    ),
    "2 x 1": Acceleration(2, 2, lambda line: line.y % 2 == 0, "grappa 2 x 1"),
    "2 x 2": Acceleration(2, 2, lambda line: line.y % 2 == 0 and line.z % 2 == 0, "grappa 2 x 2"),
    "3 x 2": Acceleration(3, 2, lambda line: line.y % 3 == 0 and line.z % 2 == 0, "grappa 3 x 2"),
    "2 x 2, shifted": Acceleration(
        2, 2, lambda line: line.y % 2 == 0 and (line.z + line.y // 2) % 2 == 0, "grappa 2 x 2"
    ),
    "1 x 3, shifted": Acceleration(3, 3, lambda line: (line.z + line.y) % 3 == 0, "grappa 1 x 3"),
}


def row_sampling(path: Path, model_file: Path) -> set[str]:
    output = path.with_suffix(".jsonl")
    command: list[str | Path] = [PROGRAM, "embed", model_file, path, "-o", output]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return {json.loads(line)["sampling"] for line in output.read_text().splitlines()}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("calibration", ["unmarked", "flagged", "separate"])
def test_missing_lines_are_filled_along_both_axes(
    kind: str, calibration: str, tmp_path: Path, model_file: Path
) -> None:
    acceleration = KINDS[kind]
    body = slab_body(5, acceleration.y, acceleration.z)
    expected = placed_slices(slab_scan(body))
    if calibration == "separate":
        imaging = slab_scan(body, acceleration.on_grid)
        extra = slab_scan(body, acceleration.in_calibration, lambda _: CALIBRATION)
        scan = replace(imaging, readouts=imaging.readouts + extra.readouts)
    else:
        flag = CALIBRATION_AND_IMAGING if calibration == "flagged" else 0
        scan = slab_scan(body, acceleration.pattern, lambda line: flag * acceleration.in_calibration(line))
    write_raw_scan(tmp_path / "slab.h5", scan)
    found = [slice_.kspace for slice_ in read_slices(tmp_path / "slab.h5")]
    assert distance(np.stack(found), np.stack(expected)) <= TOLERANCE
    middle = slice(NZ // 4, NZ - NZ // 4)  # outside of the body nothing but ringing is left to compare
    distances = [distance(*pair) for pair in zip(found[middle], expected[middle], strict=True)]
    assert max(distances) <= TOLERANCE, distances
    assert row_sampling(tmp_path / "slab.h5", model_file) == {acceleration.sampling}


def test_lines_that_were_measured_stay_as_they_are(tmp_path: Path) -> None:
    scan = slab_scan(slab_body(6, 2, 2), KINDS["2 x 2"].pattern)
    write_raw_scan(tmp_path / "slab.h5", scan)
    slices = np.stack([slice_.kspace for slice_ in read_slices(tmp_path / "slab.h5")], axis=1)  # (coils, z, y, x)
    shifted = np.fft.fft(np.fft.ifftshift(slices, 1), axis=1, norm="ortho")
    kspace = np.fft.fftshift(shifted, 1)
    peak = max(np.abs(line.samples).max() for line in scan.readouts)
    for line in scan.readouts:
        np.testing.assert_allclose(kspace[:, line.step_2, line.step_1], line.samples, rtol=0, atol=1e-6 * peak)


def test_check_says_that_filled_lines_count(tmp_path: Path) -> None:
    write_raw_scan(tmp_path / "slab.h5", slab_scan(slab_body(6, 2, 2), KINDS["2 x 2"].pattern))
    write_raw_scan(tmp_path / "whole.h5", slab_scan(slab_body(6, 2, 2)))
    for name, says in (("slab.h5", True), ("whole.h5", False)):
        done = subprocess.run(
            [PROGRAM, "check", tmp_path / name], capture_output=True, text=True, check=False, timeout=60
        )
        assert ("lines of the accelerated scan are filled in, and count" in done.stdout) == says


def test_an_elliptical_scan_is_embedded_and_says_so(tmp_path: Path, model_file: Path) -> None:
    body = slab_body(7, 2, 2)
    scan = slab_scan(body, in_ellipse)
    write_raw_scan(tmp_path / "slab.h5", scan)
    expected = placed_slices(scan)  # what was not measured is zero
    found = [slice_.kspace for slice_ in read_slices(tmp_path / "slab.h5")]
    assert max(distance(*pair) for pair in zip(found, expected, strict=True)) <= 1e-5
    assert row_sampling(tmp_path / "slab.h5", model_file) == {"corners zero-filled"}


def test_the_corners_of_an_accelerated_elliptical_scan_stay_zero(tmp_path: Path, model_file: Path) -> None:
    body, pattern = slab_body(8, 2, 2), KINDS["2 x 2"].pattern
    write_raw_scan(tmp_path / "slab.h5", slab_scan(body, lambda line: pattern(line) and in_ellipse(line)))
    inside = placed_slices(slab_scan(body, in_ellipse))
    found = [slice_.kspace for slice_ in read_slices(tmp_path / "slab.h5")]
    # The border of the ellipse is filled as far as it lies between measured lines.
    assert distance(np.stack(found), np.stack(inside)) <= 3e-2
    assert row_sampling(tmp_path / "slab.h5", model_file) == {"grappa 2 x 2, corners zero-filled"}


def test_partial_fourier_along_z_is_named(tmp_path: Path, model_file: Path) -> None:
    scan = slab_scan(slab_body(9, 2, 2), lambda line: line.z >= -(NZ // 4))
    scan = replace(scan, limits_2=Limits(NZ // 4, NZ - 1, NZ // 2))
    write_raw_scan(tmp_path / "slab.h5", scan)
    assert row_sampling(tmp_path / "slab.h5", model_file) == {"partial 6/8 along z"}


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(lambda line: line.y % 2 == 0 and line.z % 2 == 0, id="no calibration"),
        pytest.param(lambda line: line.z < NZ // 2 - 1 or line.y < 0, id="stopped in the last partition"),
        pytest.param(lambda line: line.z < NZ // 4, id="stopped early"),
        pytest.param(lambda line: in_ellipse(line) and line.z < NZ // 4, id="an ellipse that was stopped"),
    ],
)
def test_a_slab_that_cannot_be_completed_is_refused(pattern: Pattern, tmp_path: Path) -> None:
    write_raw_scan(tmp_path / "slab.h5", slab_scan(slab_body(10, 2, 2), pattern))
    with pytest.raises(ValueError, match=r"undersampled: slice 0 has .* lines"):
        list(read_slices(tmp_path / "slab.h5"))
