"""k-space of a phantom in front of irregularly placed coils: smooth sensitivities, some noise, distinct eigenvalues."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ELLIPSES = (  # value, centre y, centre x, half axis y, half axis x
    (1.0, 0.0, 0.0, 0.85, 0.65),
    (-0.6, 0.0, 0.0, 0.78, 0.58),
    (0.3, 0.25, 0.2, 0.3, 0.12),
    (0.3, 0.2, -0.22, 0.35, 0.15),
    (0.5, -0.4, 0.05, 0.15, 0.2),
)


def phantom_kspace(coils: int, height: int, width: int, seed: int = 0) -> NDArray[np.complex64]:
    """One slice, (1, coils, y, x)."""
    rng = np.random.default_rng(seed)
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    image = np.zeros((height, width))
    for value, centre_y, centre_x, half_y, half_x in ELLIPSES:
        image += value * (((y - centre_y) / half_y) ** 2 + ((x - centre_x) / half_x) ** 2 <= 1)
    angles = rng.uniform(0, 2 * np.pi, coils)
    radii = rng.uniform(0.9, 1.4, coils)
    gains = rng.uniform(0.5, 2.0, coils) * np.exp(1j * rng.uniform(0, 2 * np.pi, coils))
    slices = np.empty((1, coils, height, width), np.complex64)
    for coil in range(coils):
        away_y, away_x = y - radii[coil] * np.sin(angles[coil]), x - radii[coil] * np.cos(angles[coil])
        sensitivity = gains[coil] * np.exp(-(away_y**2 + away_x**2) + 1j * np.arctan2(away_y, away_x))
        noise = 0.01 * (rng.normal(size=image.shape) + 1j * rng.normal(size=image.shape))
        centred = np.fft.fft2(np.fft.ifftshift(image * sensitivity + noise), norm="ortho")
        slices[0, coil] = np.fft.fftshift(centred)
    return slices
