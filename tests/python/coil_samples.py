"""Random samples of several coils, the same for the same arguments."""

import numpy as np


def complex_normal(*shape: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(np.complex64)


def coil_mixture(slices: int, coils: int, height: int, width: int) -> np.ndarray:
    """Random k-space with a strong centre, whose coils have clearly different energies."""
    y, x = np.ogrid[:height, :width]
    envelope = np.exp(-((y - height // 2) ** 2 + (x - width // 2) ** 2) / (height * width / 40))
    strengths = np.linspace(3, 0.5, coils).reshape(1, coils, 1, 1)
    kspace = complex_normal(slices, coils, height, width) * envelope * strengths
    return kspace.astype(np.complex64)
