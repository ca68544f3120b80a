"""Measured scans in Python: every format that `mriembed_cli` reads, with the same readers."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from mriembed.errors import BadInputError, InvalidArgumentError, about_file
from mriembed.fourier import centred_resize, image_to_kspace, kspace_to_image
from mriembed.scan_readers import open_scan, scan_endings

if TYPE_CHECKING:
    from mriembed._scans import Scan


@dataclass(frozen=True, eq=False)
class ScanSlice:
    """One slice of a scan.

    Attributes:
        kspace: (coils, y, x) complex64, prewhitened if the scan has a noise measurement, without readout
            and phase oversampling.
        file: the file.
        index: number of the slice in the file, from 0.
        pixel_aspect: height of a pixel over its width. NumPy and BART files are assumed to have a square field of
            view, coil images to have square pixels.
    """

    kspace: NDArray[np.complex64]
    file: Path
    index: int
    pixel_aspect: float = 1.0

    @property
    def name(self) -> str:
        """The file's name, and the slice's number if it is not the first."""
        return self.file.name if self.index == 0 else f"{self.file.name}:{self.index}"

    def with_square_pixels(self) -> ScanSlice:
        """The same image with square pixels: k-space is zero-padded along the coarser axis."""
        _, height, width = self.kspace.shape
        lines = max(height, round(height * self.pixel_aspect))
        samples = max(width, round(width / self.pixel_aspect))
        if (lines, samples) == (height, width):
            return replace(self, pixel_aspect=1.0)
        kspace = centred_resize(centred_resize(torch.from_numpy(self.kspace), 1, lines), 2, samples)
        return replace(self, kspace=kspace.numpy(), pixel_aspect=1.0)


def find_scans(places: Sequence[Path]) -> list[Path]:
    """The scan files in `places`, which are files, or folders searched to any depth; sorted by name.

    Raises:
        InvalidArgumentError: a place does not exist, or there is no scan in any.
    """
    found: list[Path] = []
    endings = scan_endings()
    for place in places:
        if place.is_dir():
            found += sorted(file for file in place.rglob("*") if file.suffix in endings and file.is_file())
        elif place.exists():
            found.append(place)
        else:
            raise InvalidArgumentError(f"{place}: there is no such file or folder")
    if not found:
        where = ", ".join(str(place) for place in places)
        raise InvalidArgumentError(f"{where}: no scans here (files ending in {', '.join(endings)})")
    return found


@contextmanager
def _kept_in_a_file(scan: Path) -> Iterator[Path]:
    """Standard input as a temporary file, which readers can search; any other scan as it is."""
    if str(scan) != "-":
        yield scan
        return
    with tempfile.NamedTemporaryFile(prefix=".mriembed-scan-") as kept:
        shutil.copyfileobj(sys.stdin.buffer, kept)
        kept.flush()
        yield Path(kept.name)


def read_slices(
    file: Path,
    *,
    image_files: Sequence[str] = (),
    group: str = "",
    noise: Path | None = None,
    on_warning: Callable[[str], None] | None = None,
) -> list[ScanSlice]:
    """Reads all slices of a scan.

    Args:
        file: a scan of any format; `Path("-")` is standard input.
        image_files: patterns of names ("*images*") of NumPy and BART files that hold coil images, not k-space: such
            files do not state it.
        group: the measurement to read of a raw MRD file with several, of a stream "scan_1", "scan_2", ...; empty: all
            that can be read.
        noise: an MRD file with noise lines, or a NumPy array (coils, samples), which replaces the scan's own noise
            measurement.
        on_warning: called with each warning about the slices, one line each.

    Raises:
        BadInputError: the file is not a scan, is damaged, or cannot be used; the text says why.
    """
    images = any(fnmatch(file.name, pattern) for pattern in image_files)
    try:
        with _kept_in_a_file(file) as path:
            scan = open_scan(path, images=images, group=group, noise=noise)
            if on_warning is not None:
                for warning in scan.warnings:
                    on_warning(warning)
            if scan.domain == "network_input":
                raise BadInputError("network input; k-space or coil images are needed")
            slices = []
            for index in range(scan.slices):
                kspace = _usable_kspace(scan, index)
                slices.append(ScanSlice(kspace, file, index, scan.pixel_aspect))
            return slices
    except BadInputError as error:
        raise about_file(file, error) from None
    except np.linalg.LinAlgError:
        raise BadInputError(f"{file}: the noise measurement has fewer samples than coils") from None


def _usable_kspace(scan: Scan, index: int) -> NDArray[np.complex64]:
    """A slice as `ScanSlice` has it: prewhitened, without oversampling."""
    samples = scan.read(index)
    covariance = scan.noise_covariance
    coil_images = samples if scan.domain == "image" else kspace_to_image(torch.from_numpy(samples)).numpy()
    if covariance is not None:
        coil_images = np.tensordot(np.linalg.inv(np.linalg.cholesky(covariance)), coil_images, 1)
    _, height, width = coil_images.shape  # no height or width to crop to is 0
    cropped = centred_resize(torch.from_numpy(coil_images), 1, scan.phase_height or height)
    cropped = centred_resize(cropped, 2, scan.readout_width or width)
    kspace = image_to_kspace(cropped).numpy().astype(np.complex64)
    if not np.isfinite(kspace).all() or not kspace.any():
        raise BadInputError(f"slice {index} is all zero, or holds NaN or infinite samples")
    return kspace


def read_usable_slices(
    places: Sequence[Path], *, image_files: Sequence[str] = (), on_refused: Callable[[BadInputError], None]
) -> list[ScanSlice]:
    """Reads all scans in `places` (`find_scans`), with square pixels.

    `on_refused` is called with the error of each scan that `read_slices` rejects.
    """
    slices: list[ScanSlice] = []
    for file in find_scans(places):
        try:
            slices += [scan.with_square_pixels() for scan in read_slices(file, image_files=image_files)]
        except BadInputError as error:
            on_refused(error)
    return slices
