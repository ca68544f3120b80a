"""Small scans that public bug reports of other readers describe, each with the k-space that it must give."""

from pathlib import Path

import numpy as np
import pytest

from mriembed.scans import read_slices
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


@pytest.mark.parametrize("file", CASES)
def test_a_reported_scan_gives_the_right_kspace(file: str, shared_data: Path) -> None:
    folder = shared_data / "reader-cases"
    if not folder.is_dir():
        pytest.skip("the reported scans are not here")
    expected = np.load(folder / f"{CASES[file]}.expected.npy")
    expected = expected if expected.ndim == 4 else expected[None]
    slices = read_slices(folder / file, group="dataset_2" if file == "two-measurements.h5" else "")
    repeated = 2 if file == "reversed-discard.h5" else 1  # two contrasts of one slice
    assert len(slices) == repeated * len(expected)
    for index, found in enumerate(slices):
        assert distance(found.kspace, expected[index % len(expected)].astype(np.complex128)) <= TOLERANCE
