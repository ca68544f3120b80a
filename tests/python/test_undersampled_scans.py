"""Scans that leave lines out, as nearly all do at a scanner."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from mriembed import Embedder
from mriembed.simulation import simulate_images, simulate_kspace
from program import PROGRAM


def cli(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [str(PROGRAM), *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)


def undersampled(slices: int, lines: int, factor: int, calibration: int, last: int) -> tuple[np.ndarray, np.ndarray]:
    """Simulated k-space (slices, coils, y, x), whole, and with lines left out."""
    generator = torch.Generator().manual_seed(11)
    whole = simulate_kspace(simulate_images(slices, 1, lines, generator), 12, generator).numpy()
    line = np.arange(lines)
    middle = np.abs(line - lines // 2 + 0.5) < calibration / 2
    there = ((line % factor == 0) | middle) & (line <= last)
    return whole, np.where(there[:, None], whole, np.complex64(0))


@pytest.mark.parametrize(
    ("factor", "calibration", "last", "sampling"),
    [
        (2, 24, 95, "grappa 2"),
        (2, 6, 95, "grappa 2"),
        (3, 24, 95, "grappa 3"),
        (1, 0, 71, "partial 6/8"),
        (2, 24, 70, "grappa 2, partial 6/8"),
    ],
)
def test_missing_lines_are_filled_in_and_the_row_says_how(
    model_file: Path, tmp_path: Path, factor: int, calibration: int, last: int, sampling: str
) -> None:
    whole, part = undersampled(4, 96, factor, calibration, last)
    embedder = Embedder.load(model_file)
    expected = embedder.embed_kspace(whole)
    np.save(tmp_path / "part.npy", part)
    output = tmp_path / "out.npy"
    assert cli("embed", model_file, tmp_path / "part.npy", "-o", output).returncode == 0
    found = np.load(output)
    assert [row["sampling"] for row in json.loads(output.with_suffix(".json").read_text())["rows"]] == [sampling] * 4
    distances = 1 - found @ expected.T
    assert (distances.argmin(1) == np.arange(4)).all()

    # Without the lines that hold the calibration nothing can be filled: the same slices lie farther off.
    if factor > 1:
        bare = part.copy()
        line = np.arange(96)
        bare[:, :, line % factor != 0] = 0
        np.save(tmp_path / "bare.npy", bare)
        assert cli("embed", model_file, tmp_path / "bare.npy", "-o", output).returncode == 0
        rows = json.loads(output.with_suffix(".json").read_text())["rows"]
        assert [row["sampling"] for row in rows] == ["zero-filled"] * 4
        assert (np.diag(distances) < np.diag(1 - np.load(output) @ expected.T)).all()


def write_numpy(path: Path, kspace: np.ndarray) -> None:
    np.save(path, kspace)


def write_fastmri(path: Path, kspace: np.ndarray) -> None:
    with h5py.File(path, "w") as file:
        file["kspace"] = kspace


def write_bart(path: Path, kspace: np.ndarray) -> None:
    """(x, y, z, coils, ...), column-major: dimension 13 counts slices."""
    slices, coils, height, width = kspace.shape
    dimensions = [width, height, 1, coils, *[1] * 9, slices, 1, 1]
    path.with_suffix(".hdr").write_text(f"# Dimensions\n{' '.join(map(str, dimensions))}\n")
    path.with_suffix(".cfl").write_bytes(kspace.astype(np.complex64).tobytes())


@pytest.mark.parametrize(
    ("name", "write"), [("scan.npy", write_numpy), ("scan.h5", write_fastmri), ("scan.cfl", write_bart)]
)
def test_zero_lines_that_nothing_else_tells_of_are_told_once_and_stand_in_the_rows(
    model_file: Path, tmp_path: Path, name: str, write: Callable[[Path, np.ndarray], None]
) -> None:
    kspace, _ = undersampled(2, 48, 1, 0, 47)
    kspace[:, :, 1::2] = 0
    write(tmp_path / name, kspace)
    output = tmp_path / "out.jsonl"
    result = cli("embed", model_file, tmp_path / name, "-o", output)
    assert result.returncode == 0, result.stderr
    told = "50.0 % of the samples are zero: taken as not acquired"
    assert result.stderr.count(told) == 1
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert [(row["sampling"], row["warnings"]) for row in rows] == [("zero-filled", [told])] * 2
    assert told in cli("inspect", tmp_path / name).stdout


def test_fastmri_lines_that_a_mask_leaves_out_are_filled_in_without_a_header(model_file: Path, tmp_path: Path) -> None:
    """fastMRI: kspace is (slices, coils, rows, columns), and the mask is of columns."""
    whole, part = undersampled(2, 96, 2, 24, 95)
    expected = Embedder.load(model_file).embed_kspace(whole)
    with h5py.File(tmp_path / "scan.h5", "w") as file:
        file["kspace"] = part.swapaxes(2, 3)
        file["mask"] = (part[0, 0] != 0).any(1)
    output = tmp_path / "out.npy"
    assert cli("embed", model_file, tmp_path / "scan.h5", "-o", output).returncode == 0
    rows = json.loads(output.with_suffix(".json").read_text())["rows"]
    assert [row["sampling"] for row in rows] == ["grappa 2"] * 2
    assert ((1 - np.load(output) @ expected.T).argmin(1) == np.arange(2)).all()


def test_images_have_no_sampling(model_file: Path, tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(12)
    np.save(tmp_path / "images.npy", simulate_kspace(simulate_images(1, 1, 32, generator), 4, generator).numpy())
    output = tmp_path / "out.jsonl"
    assert cli("embed", model_file, tmp_path / "images.npy", "--input", "image", "-o", output).returncode == 0
    assert json.loads(output.read_text())["sampling"] == ""
