"""Simulated scans as files that `mriembed_cli` reads, for trying things without a scanner."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import torch

from mriembed.atomic_file import write_atomically
from mriembed.errors import InvalidArgumentError
from mriembed.simulation.acquisition import reacquire
from mriembed.simulation.perturbation import SAME_SESSION
from mriembed.simulation.slices import simulate_images, simulate_kspace

_COILS = 8
_MATRIX = 128


def write_scans(folder: Path, *, slices: int, seed: int = 0) -> list[Path]:
    """Writes k-space of `slices` simulated slices and of another acquisition of each, at the medium level.

    Returns:
        slice0.npy, slice0_again.npy and so on, each (coils, 128, 128) complex64; two slices in turn are of one subject.

    Raises:
        InvalidArgumentError: the folder above does not exist, or the folder is a file.
        OSError: a file cannot be written.
    """
    if not folder.parent.is_dir():
        raise InvalidArgumentError(f"{folder}: the folder {folder.parent} does not exist")
    if folder.exists() and not folder.is_dir():
        raise InvalidArgumentError(f"{folder}: this is a file; name a folder")
    folder.mkdir(exist_ok=True)
    generator = torch.Generator().manual_seed(seed)
    images = simulate_images((slices + 1) // 2, 2, _MATRIX, generator)[:slices]
    kspace = simulate_kspace(images, _COILS, generator)
    again = reacquire(kspace, SAME_SESSION["medium"], generator)
    written = []
    for number in range(slices):
        for name, samples in ((f"slice{number}", kspace[number]), (f"slice{number}_again", again[number])):
            file = io.BytesIO()
            np.save(file, samples.numpy())
            written.append(folder / f"{name}.npy")
            write_atomically(written[-1], file.getvalue())
    return written
