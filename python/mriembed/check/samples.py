"""The raw samples of a measurement as the page shows them: images, k-space, noise spectra, noise correlation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from mriembed.errors import BadInputError
from mriembed.fourier import centred_ifft, kspace_to_image

if TYPE_CHECKING:
    from mriembed._scans import Scan


@dataclass(frozen=True, eq=False)
class MeasurementSamples:
    """One measurement.

    Attributes:
        kspace: (coils, y, x), of the slice that is shown.
        spectra: (coils, frequencies), see `outer_power`; the mean over all slices as wide as the first one.
        correlation: (coils, coils), of the noise measurement; None without one.
        pixel_aspect: height of a pixel over its width.
    """

    kspace: NDArray[np.complex64]
    spectra: NDArray[np.float64]
    correlation: NDArray[np.float64] | None
    pixel_aspect: float

    def images(self) -> NDArray[np.float32]:
        """(coils, y, x), magnitude."""
        images: NDArray[np.float32] = np.abs(kspace_to_image(torch.from_numpy(self.kspace)).numpy())
        return images


def read_samples(scan: Scan, slices: range, *, shown: int, coils: int) -> MeasurementSamples:
    """Reads one measurement of a scan.

    Args:
        scan: the scan.
        slices: the places of the measurement's slices in the scan.
        shown: the place of the slice to keep.
        coils: their number; another one means that the file is not the one that was checked.

    Raises:
        BadInputError: the scan cannot be read.
    """
    total: NDArray[np.float64] | None = None
    added = 0
    kept: NDArray[np.complex64] | None = None
    correlation, pixel_aspect = None, 1.0
    for index in slices:
        if index >= scan.slices:
            raise BadInputError(f"it has {scan.slices} slices; it had more when it was checked")
        kspace: NDArray[Any] = scan.read(index)
        if len(kspace) != coils:
            raise BadInputError(f"slice {index} has {len(kspace)} coils; it had {coils} when it was checked")
        power = outer_power(kspace)
        if total is None:
            total = np.zeros_like(power)
        if power.shape == total.shape:
            total += power
            added += 1
        if index == shown:
            kept, pixel_aspect = kspace, scan.pixel_aspect
            correlation = None if scan.noise_covariance is None else noise_correlation(scan.noise_covariance)
    if total is None or kept is None:
        raise BadInputError("the measurement has no slices; it must have one at least")
    return MeasurementSamples(kept, total / added, correlation, pixel_aspect)


def outer_power(kspace: NDArray[np.complex64]) -> NDArray[np.float64]:
    """(coils, frequencies): mean power along x of the outer half of the measured lines.

    The lines are images along x, so frequencies descend: x is at (width // 2 - x) / width cycles per sample.
    """
    height, width = kspace.shape[1:]
    measured = np.flatnonzero(kspace.any(axis=(0, 2)))
    if len(measured) == 0:
        return np.zeros((len(kspace), width))
    outermost = sorted(measured, key=lambda line: (-abs(int(line) - height // 2), int(line)))
    lines = kspace[:, sorted(outermost[: (len(measured) + 1) // 2])]
    along_x = centred_ifft(torch.from_numpy(lines), 2).numpy()
    power: NDArray[np.float64] = np.mean(np.square(np.abs(along_x), dtype=np.float64), axis=1)
    return power


def noise_correlation(covariance: NDArray[np.complex128]) -> NDArray[np.float64]:
    """(coils, coils) magnitude; 0 for coils without noise."""
    deviation = np.sqrt(np.diag(covariance).real)
    scale = np.outer(deviation, deviation)
    correlation: NDArray[np.float64] = np.divide(np.abs(covariance), scale, out=np.zeros(scale.shape), where=scale > 0)
    return correlation
