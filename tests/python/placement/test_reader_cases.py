"""Small scans that public bug reports of other readers describe, each with the k-space that it must give."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mriembed import DEFAULT_WEIGHTS, export_model
from mriembed.scans import read_slices
from program import PROGRAM
from test_random_scans import TOLERANCE, distance

# File and expected k-space; a file without one of its own shares that of another.
CASES = {
    "asymmetric-echo.h5": "asymmetric-echo",
    "bart-1yzc.cfl": "bart-1yzc",
    "centre-sample-24.h5": "centre-sample-24",
    "epi-discard.h5": "reversed-discard",
    "interpolated-recon.h5": "interpolated-recon",
    "lower-resolution-recon.h5": "interpolated-recon",
    "noise-discard.h5": "noise-discard",
    "partial-fourier-converter.h5": "partial-fourier-converter",
    "phase-oversampling.h5": "phase-oversampling",
    "reversed-discard.h5": "reversed-discard",
    "step-1-centre-23.h5": "step-1-centre-23",
    "two-measurements.h5": "two-measurements",
    "z-2-without-step-2.h5": "z-2-without-step-2",
}


@pytest.fixture
def folder(shared_data: Path) -> Path:
    found = shared_data / "reader-cases"
    if not found.is_dir():
        pytest.skip("the reported scans are not here")
    return found


@pytest.fixture(scope="module")
def default_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("default") / "model.pt"
    export_model(path, weights=DEFAULT_WEIGHTS)
    return path


def group_of(file: str) -> str:
    return "dataset_2" if file == "two-measurements.h5" else ""


def repetitions_of(file: str) -> int:
    return 2 if file == "reversed-discard.h5" else 1  # two contrasts of one slice


@pytest.mark.parametrize("file", CASES)
def test_a_reported_scan_gives_the_right_kspace(file: str, folder: Path) -> None:
    expected = np.load(folder / f"{CASES[file]}.expected.npy")
    expected = expected if expected.ndim == 4 else expected[None]
    slices = read_slices(folder / file, group=group_of(file))
    assert len(slices) == repetitions_of(file) * len(expected)
    for index, found in enumerate(slices):
        assert distance(found.kspace, expected[index % len(expected)].astype(np.complex128)) <= TOLERANCE


def embeddings_of(model: Path, output: Path, *arguments: str | Path) -> NDArray[np.float32]:
    command: list[str | Path] = [PROGRAM, "embed", model, *arguments, "-o", output]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    found: NDArray[np.float32] = np.load(output)
    return found


@pytest.mark.parametrize("file", CASES)
def test_a_reported_scan_gives_the_embeddings_of_the_right_kspace(
    file: str, folder: Path, default_model: Path, tmp_path: Path
) -> None:
    """All of them have a square field of view, as an array without a header is taken to have."""
    options = ["--group", group_of(file)] if group_of(file) else []
    found = embeddings_of(default_model, tmp_path / "found.npy", folder / file, *options)
    expected = embeddings_of(default_model, tmp_path / "expected.npy", folder / f"{CASES[file]}.expected.npy")
    assert len(found) == repetitions_of(file) * len(expected)
    cosine = np.sum(found * np.tile(expected, (repetitions_of(file), 1)), axis=1)
    assert (1 - cosine).max() <= 1e-3
