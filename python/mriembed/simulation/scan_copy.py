"""A raw scan that a fault may modify."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


class ScanCopy:
    """A copy of raw slices that a fault may modify.

    Attributes:
        kspace: (slices, coils, y, x) complex64.
        noise: (coils, samples) complex64 or None.
        measured: (slices, y, x) bool, samples that are not zero in at least one coil of the original.
        coils: number of coils.
    """

    def __init__(
        self,
        kspace: NDArray[np.complex64],
        noise: NDArray[np.complex64] | None,
        noise_sd: NDArray[np.float64] | None,
    ) -> None:
        if kspace.ndim != 4:
            raise ValueError(f"kspace has shape {kspace.shape}; expected (slices, coils, y, x)")
        self.coils: int = kspace.shape[1]
        if noise is not None and (noise.ndim != 2 or len(noise) != self.coils or noise.size == 0):
            raise ValueError(f"noise has shape {noise.shape}; expected ({self.coils}, samples), samples > 0")
        if noise_sd is not None and noise_sd.shape != (self.coils,):
            raise ValueError(f"noise_sd has shape {noise_sd.shape}; expected ({self.coils},)")
        if noise_sd is not None and not (np.isfinite(noise_sd) & (noise_sd >= 0)).all():
            raise ValueError("noise_sd has a value that is negative or not finite; expected standard deviations")
        self.kspace = kspace.astype(np.complex64)
        self.noise = None if noise is None else noise.astype(np.complex64)
        self.measured: NDArray[np.bool_] = (self.kspace != 0).any(axis=1)
        if not self.measured.any():
            raise ValueError("kspace has no measured sample: all samples are zero")
        self._noise_sd = noise_sd

    def noise_sd(self) -> NDArray[np.float64]:
        """(coils,), the standard deviation of each coil's complex noise, from the noise measurement if there is one."""
        if self.noise is not None:
            power: NDArray[np.float64] = np.mean(np.square(np.abs(self.noise), dtype=np.float64), axis=1)
            return np.sqrt(power)
        if self._noise_sd is not None:
            return self._noise_sd
        raise ValueError("the fault needs the noise level; give raw.noise or noise_sd")


def white_noise(
    shape: tuple[int, ...], sd: float | NDArray[np.float64], random: np.random.Generator
) -> NDArray[np.complex64]:
    """Independent circular complex noise of the given standard deviation, sqrt(E|n|^2)."""
    parts = random.standard_normal((2, *shape), dtype=np.float32)
    scaled: NDArray[np.complex64] = ((parts[0] + 1j * parts[1]) * (sd / math.sqrt(2))).astype(np.complex64)
    return scaled
