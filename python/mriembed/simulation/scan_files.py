"""Simulated scans as files that `mriembed_cli` reads, for trying things without a scanner."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mriembed.atomic_file import write_atomically
from mriembed.errors import InvalidArgumentError
from mriembed.output_file import check_folder_of, check_output_file
from mriembed.simulation.acquisition import reacquire
from mriembed.simulation.perturbation import SAME_SESSION
from mriembed.simulation.slices import simulate_images, simulate_kspace

_COILS = 8
_MATRIX = 128


def write_scans(folder: Path, *, slices: int, seed: int = 0, overwrite: bool = False) -> list[Path]:
    """Writes k-space of `slices` simulated slices and of another acquisition of each, at the medium level.

    Where a file cannot be written, none of the new ones stays.

    Returns:
        slice0.npy, slice0_again.npy and so on, each (coils, 128, 128) complex64; two slices in turn are of one subject.

    Raises:
        InvalidArgumentError: the folder above does not exist, the folder is a file, or one of the files exists and
            `overwrite` is False.
        OSError: a file cannot be written.
    """
    files = [folder / f"slice{number}{suffix}.npy" for number in range(slices) for suffix in ("", "_again")]
    check_folder_of(folder)
    if folder.exists():
        if not folder.is_dir():
            raise InvalidArgumentError(f"{folder}: this is a file; name a folder")
        for file in files:
            check_output_file(file, overwrite=overwrite)
    _write_all(files, _simulated_scans(slices, seed))
    return files


def _simulated_scans(slices: int, seed: int) -> Iterator[Tensor]:
    """Each slice, then its other acquisition, (coils, y, x) each."""
    generator = torch.Generator().manual_seed(seed)
    images = simulate_images((slices + 1) // 2, 2, _MATRIX, generator)[:slices]
    kspace = simulate_kspace(images, _COILS, generator)
    again = reacquire(kspace, SAME_SESSION["medium"], generator)
    for pair in zip(kspace, again, strict=True):
        yield from pair


def _write_all(files: Sequence[Path], scans: Iterable[Tensor]) -> None:
    """Makes the folder, too. Files that are new go again where not all can be written."""
    folder = files[0].parent
    is_new = not folder.exists()
    new = [file for file in files if not file.exists()]
    folder.mkdir(exist_ok=True)
    try:
        for path, samples in zip(files, scans, strict=True):
            content = io.BytesIO()
            np.save(content, samples.numpy())
            write_atomically(path, content.getvalue())
    except BaseException:
        for path in new:
            path.unlink(missing_ok=True)
        if is_new:
            with contextlib.suppress(OSError):  # somebody else has put something into it
                folder.rmdir()
        raise
