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


def separated_kspace(slices: int, coils: int, height: int, width: int, seed: int = 0) -> np.ndarray:
    """k-space whose coil Gram matrix has eigenvalues a factor of two apart, so that virtual coils are well defined."""
    rng = np.random.default_rng(seed)
    shape = (slices, coils, height * width)
    result = np.empty(shape, np.complex64)
    for index in range(slices):
        basis, _ = np.linalg.qr(rng.normal(size=shape[:0:-1]) + 1j * rng.normal(size=shape[:0:-1]))
        mixing, _ = np.linalg.qr(rng.normal(size=(coils, coils)) + 1j * rng.normal(size=(coils, coils)))
        result[index] = mixing @ (2.0 ** (-0.5 * np.arange(coils))[:, None] * basis.T)
    return result.reshape(slices, coils, height, width)


def covariance_of(coils: int, seed: int = 7) -> np.ndarray:
    """A noise covariance of coils of different noise, of which two are correlated."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(coils, 40 * coils)) + 1j * rng.normal(size=(coils, 40 * coils))
    noise *= np.linspace(1, 3, coils)[:, None]
    noise[0] += 0.5 * noise[-1]
    result: np.ndarray = noise @ noise.conj().T / (noise.shape[1] - 1)
    return result


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
