"""A scan of a box for the tests of faults, and what they look at."""

import numpy as np
from numpy.typing import NDArray

from mriembed.simulation.faults import FaultyScan, RawSlices, with_fault

SLICES, COILS, HEIGHT, WIDTH, SAMPLES = 2, 6, 48, 40, 4020  # the noise measurement ends within a readout
NOISE_SD = np.array([1.0, 2.0, 0.5, 1.5, 1.0, 3.0])


def complex_normal(shape: tuple[int, ...], random: np.random.Generator) -> NDArray[np.complex128]:
    """E|n|^2 = 1."""
    noise: NDArray[np.complex128] = (random.standard_normal(shape) + 1j * random.standard_normal(shape)) / np.sqrt(2)
    return noise


def centred_fft(images: NDArray[np.complex128]) -> NDArray[np.complex128]:
    shifted = np.fft.ifftshift(images, axes=(-2, -1))
    return np.fft.fftshift(np.fft.fft2(shifted, norm="ortho"), axes=(-2, -1))


def centred_ifft(kspace: NDArray[np.complex64]) -> NDArray[np.complex128]:
    shifted = np.fft.ifftshift(kspace, axes=(-2, -1))
    return np.fft.fftshift(np.fft.ifft2(shifted, norm="ortho"), axes=(-2, -1))


def box(height: int, width: int) -> NDArray[np.complex128]:
    image = np.zeros((height, width), np.complex128)
    image[height // 3 : height // 2 + 3, width // 4 : width // 2 + 2] = 60
    return image


def scan(
    *, signal: float = 1.0, noise: bool = True, left_out: bool = True, height: int = HEIGHT, width: int = WIDTH
) -> RawSlices:
    """A box with a gain for each coil and independent noise. `left_out`: some lines and columns are not measured."""
    random = np.random.default_rng(7)
    gains = np.exp(2j * np.pi * random.random(COILS)) * random.uniform(0.8, 1.2, COILS)
    kspace = np.empty((SLICES, COILS, height, width), np.complex128)
    kspace[:] = signal * gains[:, None, None] * centred_fft(box(height, width))
    kspace += NOISE_SD[:, None, None] * complex_normal(kspace.shape, random)
    if left_out:
        kspace[:, :, 1:12:3] = 0
        kspace[1, :, 40:] = 0
        kspace[..., :4] = 0
    measured_noise = NOISE_SD[:, None] * complex_normal((COILS, SAMPLES), random)
    return RawSlices(kspace.astype(np.complex64), measured_noise.astype(np.complex64) if noise else None)


def faulty(raw: RawSlices, fault: str, seed: int = 0, coil: int | None = None) -> FaultyScan:
    return with_fault(raw, fault, np.random.default_rng(seed), coil)


def noise_of(raw: RawSlices) -> NDArray[np.complex64]:
    assert raw.noise is not None
    return raw.noise


def sd(samples: NDArray[np.complex64]) -> float:
    return float(np.sqrt(np.mean(np.abs(samples) ** 2)))


def coils_that_changed(before: RawSlices, after: RawSlices) -> list[int]:
    return [coil for coil in range(COILS) if not np.array_equal(before.kspace[:, coil], after.kspace[:, coil])]
