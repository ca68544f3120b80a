"""Where a slice lies in the patient, from the headers of its acquisitions to the rows of `embed`."""

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mrd_stream import write_stream_of
from program import PROGRAM
from raw_scan import Limits, RawScan, Readout, Space, write_raw_scan

WIDTH, LINES = 32, 24
Vector = tuple[float, float, float]


def readouts(
    partitions: int = 1, number: int = 0, position: Vector = (0, 0, 0), normal: Vector = (0, 0, 1)
) -> list[Readout]:
    random = np.random.default_rng(0)
    return [
        Readout(
            (random.standard_normal((2, WIDTH)) + 1j).astype(np.complex64),
            WIDTH // 2,
            step_1=y,
            step_2=z,
            slice=number,
            position=position,
            normal=normal,
        )
        for z in range(partitions)
        for y in range(LINES)
    ]


def scan_of(lines: list[Readout], partitions: int = 1, kept: int = 1, thickness: float = 5.0) -> RawScan:
    return RawScan(
        Space((WIDTH, LINES, partitions), (WIDTH, LINES, thickness * partitions)),
        Space((WIDTH, LINES, kept), (WIDTH, LINES, thickness * kept)),
        Limits(0, LINES - 1, LINES // 2),
        Limits(0, partitions - 1, partitions // 2),
        lines,
    )


def rows(model: Path, scan: Path) -> list[dict[str, Any]]:
    command: list[str | Path] = [PROGRAM, "embed", str(model), str(scan), "-o", "-"]
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    return [json.loads(line) for line in output.splitlines()]


@pytest.mark.parametrize("stream", [False, True])
def test_each_slice_has_the_position_of_its_lines(stream: bool, model_file: Path, tmp_path: Path) -> None:
    lines = readouts(position=(1.5, -20, 7), normal=(0, 0, 1)) + readouts(number=1, position=(1.5, -20, 12))
    path = tmp_path / "scan.h5"
    write_raw_scan(path, scan_of(lines))
    found = rows(model_file, write_stream_of(tmp_path / "scan.mrd", path) if stream else path)
    assert [row["position_mm"] for row in found] == [[1.5, -20, 7], [1.5, -20, 12]]


def test_partitions_lie_side_by_side_along_the_normal_of_the_slab(model_file: Path, tmp_path: Path) -> None:
    """Four of six partitions remain; pixel n // 2 lies in the middle, as along x and y."""
    lines = readouts(6, position=(10, 0, 0), normal=(0.6, 0, 0.8))
    write_raw_scan(tmp_path / "scan.h5", scan_of(lines, 6, 4, 5.0))
    found = [row["position_mm"] for row in rows(model_file, tmp_path / "scan.h5")]
    expected = [[10 + 5 * step * 0.6, 0, 5 * step * 0.8] for step in (-2, -1, 0, 1)]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_rows_say_nothing_where_the_headers_do_not(model_file: Path, tmp_path: Path) -> None:
    write_raw_scan(tmp_path / "unset.h5", scan_of(readouts(normal=(0, 0, 0))))
    write_raw_scan(tmp_path / "endless.h5", scan_of(readouts(position=(float("nan"), 0, 0))))
    for name in ("unset.h5", "endless.h5"):
        assert "position_mm" not in rows(model_file, tmp_path / name)[0]


def test_the_middle_of_the_magnet_is_a_position(model_file: Path, tmp_path: Path) -> None:
    write_raw_scan(tmp_path / "scan.h5", scan_of(readouts()))
    assert rows(model_file, tmp_path / "scan.h5")[0]["position_mm"] == [0, 0, 0]
