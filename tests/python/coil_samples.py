"""Random samples of several coils, the same for the same arguments."""

import numpy as np

from reference import centred_fft2, centred_ifft2


def complex_normal(*shape: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(np.complex64)


def coil_mixture(slices: int, coils: int, height: int, width: int) -> np.ndarray:
    """Random k-space with a strong centre, whose coils have clearly different energies."""
    y, x = np.ogrid[:height, :width]
    envelope = np.exp(-((y - height // 2) ** 2 + (x - width // 2) ** 2) / (height * width / 40))
    strengths = np.linspace(3, 0.5, coils).reshape(1, coils, 1, 1)
    kspace = complex_normal(slices, coils, height, width) * envelope * strengths
    result: np.ndarray = kspace.astype(np.complex64)
    return result


def coil_images(slices: int, coils: int, height: int, width: int) -> np.ndarray:
    """Smooth random images: those of `coil_mixture`."""
    images: np.ndarray = centred_ifft2(coil_mixture(slices, coils, height, width)).astype(np.complex64)
    return images


def without_signal(where: str, coils: int, size: int = 96) -> np.ndarray:
    """k-space of two slices, the second of which has no signal left inside "cropped readout" (to a half of the width),
    "cropped matrix" (of at most 40 samples) or "low-resolution image".
    """
    kspace = coil_mixture(2, coils, size, size)
    strengths = np.linspace(3, 0.5, coils, dtype=np.float32)
    kspace[1] = 0
    if where == "cropped readout":
        images = np.zeros((coils, size, size), np.complex64)
        images[:, :, 3:6] = strengths[:, None, None]
        kspace[1] = centred_fft2(images)
    elif where == "cropped matrix":
        kspace[1, :, 1, 1] = strengths
    else:
        kspace[1, :, size // 2, size // 2 - 11] = strengths  # symmetric: the echo position is the centre
        kspace[1, :, size // 2, size // 2 + 11] = strengths
    return kspace
