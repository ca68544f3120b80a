"""The preprocessing in NumPy and SciPy, written to be fast: what libmriembed's own is compared with.

It follows the last section of docs/preprocessing.md:

- The Gram matrix of the calibration region is summed in complex128, chunk by chunk, so that the copy in double
  precision stays in the cache. Prewhitening and compression are one matrix.
- The central 48 x 48 samples of the virtual coils give the echo position.
- Virtual coils are computed at the samples around the echo that the matrix keeps, in the order in which an FFT reads
  them. Only an axis that is cropped or padded goes through the image.
- One sum of squares over all samples, by BLAS, finds NaN and infinite samples and bounds the energy that crops leave
  out. Only where the bound does not suffice are these energies computed.
- Low-resolution images and local brightness are products with narrow matrices of Fourier factors, not FFTs of zeros.

Threads work on chunks of pixels, on coils and on channels. OpenBLAS itself should have one thread
(OPENBLAS_NUM_THREADS=1): it gains nothing by dividing such narrow products.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import scipy.fft
import scipy.linalg
from narrow_fourier import Complex64, Float32, Indices, brightness_products, frequencies, narrow_inverse
from numpy.typing import NDArray
from scipy.linalg.blas import zherk

Complex128 = NDArray[np.complex128]

CALIBRATION_LINES = 24
ECHO_WINDOW = 48
LOW_RESOLUTION = 20
DARKEST_COILS = 0.02
DARKEST = 0.1
LEAST_ENERGY = 1e-9
CHUNK = 2048  # pixels; 32 coils in complex128 take 1 MiB


class NumPyPreprocessor:
    """k-space (slices, coils, y, x) to the network's input (slices, 2 x num_coils, H, W) on `threads` threads.

    Coil compression is "pca". Pixels are square, and there is no phase oversampling to remove.
    """

    def __init__(self, num_coils: int, threads: int, matrix: int | None = None) -> None:
        self.num_coils = num_coils
        self.threads = threads
        self.matrix = matrix
        self._windows = tuple(4 * 4 ** ((c - 1) / max(1, num_coils - 2)) for c in range(1, num_coils))
        self._pool = ThreadPoolExecutor(threads)

    def __call__(
        self, kspace: Complex64, noise_covariance: Complex128 | None = None, readout_width: int | None = None
    ) -> Float32:
        """Arguments as `mriembed.CoilPreprocessor.preprocess_kspace`."""
        slices, _, height, width = kspace.shape
        size = (self.matrix, self.matrix) if self.matrix else (height, readout_width or width)
        channels = np.empty((slices, 2 * self.num_coils, *size), np.float32)
        whitening = None if noise_covariance is None else _whitening(noise_covariance)
        for index in range(slices):
            self._preprocess(kspace[index], whitening, readout_width or width, channels[index], index)
        return channels

    def _preprocess(
        self, samples: Complex64, whitening: Complex128 | None, width: int, channels: Float32, index: int
    ) -> None:
        scale = self._scale(samples, index)
        rows = self._compression(samples, whitening, width)
        scaled = (rows * scale).astype(np.complex64)
        kspace = self._kspace(scaled, samples, width)
        largest = 1.0 if whitening is None else float(np.linalg.norm(rows, 2))
        kept, least = _energy(kspace), LEAST_ENERGY * largest**2 * samples.size  # the scaled samples' energy is `size`
        if not kept > 2 * least:
            self._refuse_without_signal(scaled, samples, width, kept, index)
        combined = self._combined(kspace, kept, index)
        self._write_channels(combined, channels)

    def _scale(self, samples: Complex64, index: int) -> float:
        """Brings the samples to a root mean square of 1, or below where their squares leave the range of float32."""

        def sum_of_squares(coil: Complex64) -> np.float32:
            parts = coil.reshape(-1).view(np.float32)
            with np.errstate(over="ignore", invalid="ignore"):
                result: np.float32 = np.dot(parts, parts)
                return result

        energy = sum(map(float, self._pool.map(sum_of_squares, samples)))
        if 1e-25 < energy < 1e35:
            return float(np.sqrt(samples.size / energy))
        if not np.isfinite(samples).all():
            raise ValueError(f"slice {index} holds NaN or infinite samples; only finite samples can be embedded")
        peak = float(np.abs(samples.view(np.float32)).max())
        if peak == 0:
            raise ValueError(f"slice {index} is all zero; a slice needs signal to be embedded")
        result: float = 1 / (np.sqrt(2) * peak)
        return result

    def _compression(self, samples: Complex64, whitening: Complex128 | None, width: int) -> Complex128:
        """Prewhitening and PCA as one matrix (virtual coils, coils)."""
        gram = self._gram(self._calibration(samples, width))
        energy = np.trace(gram).real
        if energy > 0:  # otherwise nothing is left inside the readout, and refused later
            gram /= energy
        if whitening is not None:
            gram = whitening @ gram @ whitening.conj().T
        _, eigenvectors = scipy.linalg.eigh(gram, check_finite=False, driver="evd")
        rows: Complex128 = eigenvectors[:, ::-1][:, : self.num_coils].conj().T
        return rows if whitening is None else rows @ whitening

    def _calibration(self, samples: Complex64, width: int) -> Complex64:
        """The central lines (coils, samples), cropped along x; all lines where the central ones hold no signal."""
        for lines in (_central(samples, 1, CALIBRATION_LINES), samples):
            calibration = lines if width == samples.shape[2] else self._cropped_readout(lines, width)
            if calibration.any():
                break
        return calibration.reshape(len(samples), -1)

    def _gram(self, pixels: Complex64) -> Complex128:
        if self.threads == 1:
            return _gram_by_zherk(pixels)
        parts = self._parts(pixels.shape[1])
        result: Complex128 = np.sum(
            list(self._pool.map(lambda part: _gram_by_real_product(pixels[:, part]), parts)), axis=0
        )
        return result

    def _kspace(self, rows: Complex64, samples: Complex64, width: int) -> Complex64:
        """k-space of the virtual coils (coils, y, x) of the matrix, around the echo, in the order of an FFT."""
        cropped = width != samples.shape[2]
        sides = (samples.shape[1], width)
        squares = (max(sides),) * 2 if self.matrix else sides
        echo = self._echo(rows, samples, width)
        taken = [
            _around(square, min(self.matrix or square, square), round(square * cycles))
            for square, cycles in zip(squares, echo, strict=True)
        ]
        whole = [np.arange(length) for length in samples.shape[1:]]
        padded = [side != square for side, square in zip(sides, squares, strict=True)]
        through_image = [padded[0], padded[1] or cropped]
        first = [all_of if through else some for all_of, some, through in zip(whole, taken, through_image, strict=True)]
        virtual = self._compressed(rows, samples, first)
        for axis in (2, 1):
            if through_image[axis - 1]:
                image = self._image(virtual, axis)
                image = _resized(_resized(image, axis, sides[axis - 1]), axis, squares[axis - 1])
                virtual = np.take(_centred(scipy.fft.fft, image, axis, self.threads), taken[axis - 1], axis)
        if self.matrix and self.matrix > squares[0]:
            virtual = _zero_filled(virtual, self.matrix)
        return virtual

    def _compressed(self, rows: Complex64, samples: Complex64, taken: list[Indices]) -> Complex64:
        """Virtual coils at some samples of both axes."""
        coils = len(samples)
        if any(len(indices) != length for indices, length in zip(taken, samples.shape[1:], strict=True)) or any(
            len(_runs(indices)) > 1 for indices in taken
        ):
            gathered = np.empty((coils, len(taken[0]), len(taken[1])), np.complex64)
            runs = list(itertools.product(_runs(taken[0]), _runs(taken[1])))

            def gather(part: slice) -> None:
                for (to_y, from_y), (to_x, from_x) in runs:
                    gathered[part, to_y, to_x] = samples[part, from_y, from_x]

            list(self._pool.map(gather, self._parts(coils)))
            samples = gathered
        pixels = samples.reshape(coils, -1)
        virtual = np.empty((len(rows), pixels.shape[1]), np.complex64)

        def compress(part: slice) -> None:
            np.matmul(rows, pixels[:, part], out=virtual[:, part])

        list(self._pool.map(compress, self._parts(pixels.shape[1])))
        return virtual.reshape(len(rows), *samples.shape[1:])

    def _echo(self, rows: Complex64, samples: Complex64, width: int) -> list[float]:
        """Position of the echo along y and x, in cycles per pixel."""
        central = _central(samples, 1, ECHO_WINDOW)
        cropped = width != samples.shape[2]
        if not cropped:
            central = _central(central, 2, ECHO_WINDOW)
        virtual = (rows @ central.reshape(len(central), -1)).reshape(len(rows), *central.shape[1:])
        if cropped:
            lines = _centred(scipy.fft.fft, self._cropped_readout(virtual, width), 2, self.threads)
            virtual = _central(lines, 2, ECHO_WINDOW)
        energy = (virtual.real**2 + virtual.imag**2).sum(0, dtype=np.float64)
        positions = []
        for axis, length in enumerate((samples.shape[1], width)):
            along = energy.sum(1 - axis)
            turn = 2j * np.pi * (np.arange(len(along)) - len(along) // 2) / len(along)
            positions.append(float(np.angle(along @ np.exp(turn))) * len(along) / (2 * np.pi * length))
        return positions

    def _combined(self, kspace: Complex64, energy: float, index: int) -> Complex64:
        """One image of all coils without its smooth phase, (y, x)."""
        height, width = kspace.shape[1:]
        y, x = narrow_inverse(height, LOW_RESOLUTION), narrow_inverse(width, LOW_RESOLUTION)
        narrow = kspace[:, y.indices[:, None], x.indices]

        def combine(part: slice) -> tuple[Complex64, Float32]:
            low = y.factors @ narrow[part] @ x.factors.T
            images = scipy.fft.ifft2(kspace[part], norm="ortho")
            strength = (low.real**2 + low.imag**2).sum(0)
            np.conj(low, out=low)
            low *= images
            return low.sum(0), strength

        sums = list(self._pool.map(combine, (part for part in self._parts(len(kspace)) if part.stop > part.start)))
        combined, strength = (functools.reduce(np.add, terms) for terms in zip(*sums, strict=True))
        mean = strength.mean(dtype=np.float64)
        if not mean * strength.size > LEAST_ENERGY * energy:
            raise ValueError(f"slice {index} has no signal left inside the low-resolution image")
        combined /= np.sqrt(strength + np.float32(DARKEST_COILS**2 * mean))
        return np.fft.fftshift(combined)

    def _write_channels(self, combined: Complex64, channels: Float32) -> None:
        # In double precision: where the image is dark, gains are large and follow from small differences.
        power = combined.real.astype(np.float64) ** 2 + combined.imag.astype(np.float64) ** 2
        real, magnitude = np.ascontiguousarray(combined.real), np.sqrt(power)
        mean = power.mean(dtype=np.float64)
        basis = brightness_products(*power.shape, self._windows)
        parts = np.split(power @ basis.forward_x, 2, axis=1)
        spectrum = basis.forward_y @ (parts[0] + np.complex64(1j) * parts[1])
        both = power + real**2
        gains = np.empty((self.num_coils, *power.shape), np.float32)
        gains[0] = 1 / np.sqrt(mean)

        def gain(channel: int) -> float:
            if channel > 0:
                inverse_y, inverse_x = basis.inverse[channel - 1]
                lines = inverse_y @ spectrum
                local = np.concatenate([lines.real, lines.imag], 1) @ inverse_x
                np.maximum(local, 0, out=local)
                local += np.float32(DARKEST**2 * mean)
                np.sqrt(local, out=local)
                np.divide(1, local, out=gains[channel])
            return float(np.vdot(both, gains[channel] ** 2))

        energy = sum(self._pool.map(gain, range(self.num_coils))) / power.size

        def write(channel: int) -> None:
            gains[channel] *= np.float32(1 / np.sqrt(energy))
            np.multiply(magnitude, gains[channel], out=channels[channel])
            np.multiply(real, gains[channel], out=channels[self.num_coils + channel])

        list(self._pool.map(write, range(self.num_coils)))

    def _refuse_without_signal(self, rows: Complex64, samples: Complex64, width: int, kept: float, index: int) -> None:
        """The two energies of which a crop must leave a share, computed where a bound of them does not suffice."""
        unit = samples.astype(np.complex128) / np.abs(samples.view(np.float32)).max()
        hybrid = self._image(unit, 2)
        cropped = _resized(hybrid, 2, width)
        if not _energy(cropped) > LEAST_ENERGY * _energy(hybrid):
            raise ValueError(f"slice {index} has no signal left inside the cropped readout")
        whole = self._cropped_readout((rows @ samples.reshape(len(samples), -1)).reshape(-1, *samples.shape[1:]), width)
        if not kept > LEAST_ENERGY * _energy(whole):
            raise ValueError(f"slice {index} has no signal left inside the cropped matrix")

    def _cropped_readout(self, samples: Complex64, width: int) -> Complex64:
        return np.ascontiguousarray(_resized(self._image(samples, 2), 2, width))

    def _image(self, samples: Complex64, axis: int) -> Complex64:
        return _centred(scipy.fft.ifft, samples, axis, self.threads)

    def _parts(self, length: int) -> list[slice]:
        bounds = np.linspace(0, length, self.threads + 1).astype(int)
        return [slice(first, last) for first, last in itertools.pairwise(bounds)]


def _whitening(noise_covariance: Complex128) -> Complex128:
    covariance = np.asarray(noise_covariance, np.complex128) / np.diagonal(noise_covariance).real.mean()
    lower = np.linalg.cholesky(0.5 * (covariance + covariance.conj().T))
    result: Complex128 = scipy.linalg.solve_triangular(lower, np.eye(len(lower)), lower=True)
    return result


def _chunks(length: int) -> Iterator[slice]:
    return (slice(first, min(first + CHUNK, length)) for first in range(0, length, CHUNK))


def _gram_by_zherk(pixels: Complex64) -> Complex128:
    """The fastest on one thread; it holds the GIL, so threads would not share it."""
    coils = len(pixels)
    upper = np.zeros((coils, coils), np.complex128, order="F")
    for chunk in _chunks(pixels.shape[1]):
        upper = zherk(1.0, pixels[:, chunk].astype(np.complex128).T, beta=1.0, c=upper, trans=2, overwrite_c=1)
    result: Complex128 = upper.conj() + np.triu(upper, 1).T
    return result


def _gram_by_real_product(pixels: Complex64) -> Complex128:
    """The symmetric product p @ p.T, of which NumPy has BLAS compute one half, without the GIL."""
    coils, length = pixels.shape
    parts = np.empty((2 * coils, min(CHUNK, length)))
    product = np.zeros((2 * coils, 2 * coils))
    for chunk in _chunks(length):
        piece = parts[:, : chunk.stop - chunk.start]
        piece[:coils] = pixels.real[:, chunk]
        piece[coils:] = pixels.imag[:, chunk]
        product += piece @ piece.T
    real = product[:coils, :coils] + product[coils:, coils:]
    return real + 1j * (product[coils:, :coils] - product[:coils, coils:])


def _energy(samples: Complex64 | Complex128) -> float:
    return float(np.vdot(samples, samples).real)


def _central(samples: Complex64, axis: int, length: int) -> Complex64:
    return _resized(samples, axis, min(length, samples.shape[axis]))


def _resized(samples: Complex64, axis: int, length: int) -> Complex64:
    """Crops or zero-pads one axis; index n // 2 stays the centre."""
    size = samples.shape[axis]
    part = [slice(None)] * samples.ndim
    if length <= size:
        part[axis] = slice(size // 2 - length // 2, size // 2 - length // 2 + length)
        return samples[tuple(part)]
    part[axis] = slice(length // 2 - size // 2, length // 2 - size // 2 + size)
    padded = np.zeros((*samples.shape[:axis], length, *samples.shape[axis + 1 :]), samples.dtype)
    padded[tuple(part)] = samples
    return padded


def _centred(transform: Callable[..., Complex64], samples: Complex64, axis: int, threads: int) -> Complex64:
    shifted = scipy.fft.ifftshift(samples, axes=axis)
    result: Complex64 = scipy.fft.fftshift(
        transform(shifted, axis=axis, norm="ortho", overwrite_x=True, workers=threads), axes=axis
    )
    return result


def _around(length: int, taken: int, echo: int) -> Indices:
    """Indices in centred k-space of the `taken` samples around the echo, in the order of an FFT."""
    return (frequencies(taken) + echo + length // 2) % length


def _runs(indices: Indices) -> list[tuple[slice, slice]]:
    """Pieces, target and source, in which the indices ascend by one."""
    breaks = [0, *(np.flatnonzero(np.diff(indices) != 1) + 1), len(indices)]
    return [
        (slice(first, last), slice(int(indices[first]), int(indices[first]) + last - first))
        for first, last in itertools.pairwise(map(int, breaks))
    ]


def _zero_filled(planes: Complex64, matrix: int) -> Complex64:
    """Square k-space in the order of an FFT, with zeros beyond what was sampled."""
    filled = np.zeros((len(planes), matrix, matrix), np.complex64)
    there = frequencies(planes.shape[1]) % matrix
    filled[:, there[:, None], there] = planes
    return filled
