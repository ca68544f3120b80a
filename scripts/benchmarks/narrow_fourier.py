"""Fourier transforms of few frequencies as products with narrow matrices: FFTs would mostly transform zeros."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Complex64 = NDArray[np.complex64]
Float32 = NDArray[np.float32]
Indices = NDArray[np.intp]


def frequencies(length: int) -> Indices:
    """Sample numbers from the centre, in the order of an FFT."""
    return np.fft.ifftshift(np.arange(length) - length // 2)


def hann(k: Indices, width: float) -> NDArray[np.float64]:
    inside = np.abs(k) < width / 2
    return np.where(inside, np.cos(np.pi * k / width) ** 2, 0)


@dataclass(frozen=True)
class Narrow:
    """Where the samples of a narrow window lie, and the factors of the inverse transform of these alone."""

    indices: Indices
    factors: Complex64


@functools.lru_cache
def narrow_inverse(length: int, samples: int) -> Narrow:
    """Of the central samples of an axis, by a Hann window of so many. For k-space and images in the order of an FFT."""
    k = frequencies(length)
    indices = np.flatnonzero(np.abs(k) < samples / 2)
    turn = np.exp(2j * np.pi / length * np.outer(np.arange(length), k[indices]))
    factors = turn * hann(k[indices], samples) / np.sqrt(length)
    return Narrow(indices, factors.astype(np.complex64))


@dataclass(frozen=True)
class BrightnessProducts:
    """Products that bring a real image to its low frequencies and back, by one window for each channel.

    Frequencies below zero along x are left out: those of a real image are known from the others.
    """

    forward_y: Complex64  # (ky, y)
    forward_x: Float32  # (x, real parts and then imaginary parts of kx)
    inverse: tuple[tuple[Complex64, Float32], ...]  # (y, ky), (real parts and then imaginary parts of kx, x)


@functools.lru_cache
def brightness_products(height: int, width: int, windows: tuple[float, ...]) -> BrightnessProducts:
    largest = max(windows, default=4.0)
    y, x = frequencies(height), np.arange(width // 2 + 1)
    y, x = y[np.abs(y) < largest / 2], x[x < largest / 2]
    turn_y = np.exp(2j * np.pi / height * np.outer(np.arange(height), y))
    turn_x = np.exp(2j * np.pi / width * np.outer(np.arange(width), x))
    twice = np.where((x == 0) | (2 * x == width), 1, 2)
    inverse = []
    for window in windows:
        back_x = turn_x * hann(x, window) * twice / width
        real = np.concatenate([back_x.real, -back_x.imag], 1).T
        back_y = turn_y * hann(y, window) / height
        inverse.append((back_y.astype(np.complex64), np.ascontiguousarray(real, np.float32)))
    forward_x = np.concatenate([turn_x.real, -turn_x.imag], 1)
    return BrightnessProducts(turn_y.conj().T.astype(np.complex64), forward_x.astype(np.float32), tuple(inverse))
