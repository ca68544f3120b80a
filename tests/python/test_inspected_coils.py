"""The table of coils that `mriembed_cli inspect` shows."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from check.check_scans import COILS, faultless, join_measurements, write_scan
from mriembed.quality import check_scan
from mriembed.simulation.faults import RawSlices
from program import PROGRAM

NAMES = [f"Head:{coil}" for coil in range(COILS)]


def inspect(*arguments: str | Path) -> str:
    command: list[str | Path] = [PROGRAM, "inspect", *arguments]
    result: str = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    return result


def described(*arguments: str | Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(inspect("--json", *arguments))
    return found


def coil_rows(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("coil ") and not line.startswith("coil  ")]


@pytest.fixture(scope="module")
def clean() -> RawSlices:
    return faultless()


def test_every_coil_has_a_row_by_its_name(tmp_path: Path, clean: RawSlices) -> None:
    scan = write_scan(tmp_path / "scan.h5", clean, NAMES)
    rows = coil_rows(inspect(scan))
    assert [row.split("  ")[0] for row in rows] == [f"coil {coil} ({NAMES[coil]})" for coil in range(COILS)]
    assert "slices:" not in inspect(scan)


def test_json_has_the_figures_of_the_check(tmp_path: Path, clean: RawSlices) -> None:
    scan = write_scan(tmp_path / "scan.h5", clean, NAMES)
    (quality,) = described(scan)["quality"]
    (checked,) = check_scan(scan)
    assert quality["slices"] == 2
    for found, expected in zip(quality["coils"], checked.figures.coils, strict=True):
        assert (found["noise"], found["signal"], found["snr"]) == (expected.noise, expected.signal, expected.snr)
        assert found["correlated_with"] == expected.correlated_with


def test_a_dead_coil_is_shown_as_dead(tmp_path: Path, clean: RawSlices) -> None:
    assert clean.noise is not None
    kspace, noise = clean.kspace.copy(), clean.noise.copy()
    kspace[:, 2], noise[2] = 0, 0
    scan = write_scan(tmp_path / "scan.h5", RawSlices(kspace, noise), NAMES)
    assert coil_rows(inspect(scan))[-1].split() == ["coil", "2", "(Head:2)", "dead"]
    assert described(scan)["quality"][0]["dead_channels"] == [2]


def test_a_long_scan_is_looked_at_in_eight_slices_from_its_beginning_to_its_end(tmp_path: Path) -> None:
    raw = faultless(19, size=16)
    kspace = raw.kspace.copy()
    for number in range(0, 19):
        if number not in (0, 2, 4, 7, 9, 11, 14, 16):  # number * 19 // 8
            kspace[number] *= 100
    scan = write_scan(tmp_path / "scan.h5", RawSlices(kspace, raw.noise))
    assert "  8 of 19 slices:\n" in inspect(scan)
    (quality,) = described(scan)["quality"]
    assert quality["slices"] == 8
    chosen = raw.kspace[[0, 2, 4, 7, 9, 11, 14, 16]].astype(np.complex128)
    power = np.mean(np.abs(chosen[:, 0]) ** 2) - quality["coils"][0]["noise"] ** 2
    assert quality["coils"][0]["signal"] == pytest.approx(np.sqrt(power), rel=1e-6)


def test_each_measurement_has_its_own_table(tmp_path: Path, clean: RawSlices) -> None:
    joined = join_measurements(
        tmp_path / "both.h5",
        write_scan(tmp_path / "one.h5", clean, NAMES),
        write_scan(tmp_path / "two.h5", RawSlices(clean.kspace[:, :3], None)),
    )
    text = inspect(joined)
    assert "  measurement 0, 2 of 4 slices:\n" in text
    assert "  measurement 1, 2 of 4 slices:\n" in text
    assert len(coil_rows(text)) == COILS + 3


def test_samples_that_are_not_finite_are_told_and_the_rest_is_shown(tmp_path: Path, clean: RawSlices) -> None:
    kspace = clean.kspace.copy()
    kspace[1, 4, 3, 3] = np.nan
    scan = write_scan(tmp_path / "scan.h5", RawSlices(kspace, clean.noise), NAMES)
    text = inspect(scan)
    assert "no figures of coils: slice 1 cannot be checked: coil 4 holds samples that are not finite" in text
    assert coil_rows(text) == []


def test_images_have_no_table(tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", np.ones((2, 3, 16, 16), np.complex64))
    assert coil_rows(inspect("--input", "image", tmp_path / "images.npy")) == []
    assert described("--input", "image", tmp_path / "images.npy")["quality"] == []
