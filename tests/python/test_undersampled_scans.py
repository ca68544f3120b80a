"""Scans that leave lines out, as nearly all do at a scanner."""

import json
import subprocess
from pathlib import Path

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


def test_images_have_no_sampling(model_file: Path, tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(12)
    np.save(tmp_path / "images.npy", simulate_kspace(simulate_images(1, 1, 32, generator), 4, generator).numpy())
    output = tmp_path / "out.jsonl"
    assert cli("embed", model_file, tmp_path / "images.npy", "--input", "image", "-o", output).returncode == 0
    assert json.loads(output.read_text())["sampling"] == ""
