"""Preprocessing contract version 3 in NumPy and SciPy, written to be fast: what libmriembed's own is compared with.

The contract's linear steps act on different axes, so they are taken in the order that moves the fewest samples:

- the coils are compressed in k-space and only the virtual coils are transformed, and cropped; where the readout is
  cropped, the calibration lines alone are transformed for all coils
- the Gram matrix is gathered in complex128, chunk by chunk, so that the copy in double precision stays in the cache
- checking and scaling to unit root-mean-square cost one pass over the virtual coils: their energy tells whether a
  slice is finite and what the scale is
- phase and scale of a virtual coil are applied while its plane is written to the stacked channels
- square k-space is cropped to a fixed matrix before coils are compressed, or padded after, without the way through the
  image; whether all samples are finite tells their sum of squares, one pass over them by BLAS

Threads work on chunks of pixels and on planes, and in `scipy.fft`; OpenBLAS itself should have one thread
(OPENBLAS_NUM_THREADS=1), because its own division of such narrow products gains nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import scipy.fft
import scipy.linalg
from numpy.typing import NDArray
from scipy.linalg.blas import zherk

Complex64 = NDArray[np.complex64]
Complex128 = NDArray[np.complex128]

CALIBRATION_LINES = 24
CHUNK = 2048  # pixels; 32 coils in complex128 take 1 MiB


class NumPyPreprocessor:
    """k-space (slices, coils, y, x) to stacked channels (slices, 2 x num_coils, H, W) on `threads` threads.

    A fixed `matrix` is for square k-space without a crop of the readout.
    """

    def __init__(self, num_coils: int, threads: int, matrix: int | None = None) -> None:
        self.num_coils = num_coils
        self.threads = threads
        self.matrix = matrix
        self._pool = ThreadPoolExecutor(threads)

    def __call__(
        self, kspace: Complex64, noise_covariance: Complex128 | None = None, readout_width: int | None = None
    ) -> NDArray[np.float32]:
        """Arguments as `mriembed.CoilPreprocessor.prepare_kspace`."""
        slices, _, height, width = kspace.shape
        if self.matrix and (height != width or readout_width not in (None, width)):
            raise ValueError(f"a fixed matrix needs square k-space without a crop, not {height} x {width}")
        size = (self.matrix, self.matrix) if self.matrix else (height, readout_width or width)
        stacked = np.empty((slices, 2 * self.num_coils, *size), np.float32)
        whitening = None if noise_covariance is None else _whitening(noise_covariance)
        for index in range(slices):
            self._prepare(kspace[index], whitening, readout_width, stacked[index], index)
        return stacked

    def _prepare(
        self,
        samples: Complex64,
        whitening: Complex128 | None,
        readout_width: int | None,
        stacked: NDArray[np.float32],
        index: int,
    ) -> None:
        coils, height, source_width = samples.shape
        width = readout_width or source_width
        cropped = width != source_width
        rows = self._compression(self._calibration(samples, width), whitening, index)
        if self.matrix is not None and self.matrix < height:
            self._refuse_faults(samples, index)
            samples = self._centre(samples, self.matrix)
        kept_height, kept_width = samples.shape[1:]
        pixels = samples.reshape(coils, kept_height * kept_width)
        virtual = np.empty((len(rows), kept_height * kept_width), np.complex64)

        def compress(part: slice) -> None:
            np.matmul(rows, pixels[:, part], out=virtual[:, part])

        list(self._pool.map(compress, self._parts(kept_height * kept_width)))
        planes = virtual.reshape(-1, kept_height, kept_width)
        if cropped:
            planes = self._cropped_readout(planes, width)
        if self.matrix is not None and self.matrix > height:
            planes = _padded(planes, self.matrix)
        scale = self._scale(planes, index)
        axes = (1,) if cropped else (1, 2)
        images = scipy.fft.ifftn(planes, axes=axes, norm="ortho", overwrite_x=True, workers=self.threads)
        sign = _signs(*images.shape[1:], cropped)
        rows_to_from = _shift_after(images.shape[1])
        columns_to_from = _shift_after(1 if cropped else images.shape[2])

        def finish(coil: int) -> None:
            image = images[coil]
            image *= sign
            phasor = np.vdot(np.abs(image), image)
            image *= np.complex64(scale * (phasor.conj() / abs(phasor) if phasor != 0 else 1))
            for to_y, from_y in rows_to_from:
                for to_x, from_x in columns_to_from:
                    stacked[coil, to_y, to_x] = image.real[from_y, from_x]
                    stacked[self.num_coils + coil, to_y, to_x] = image.imag[from_y, from_x]

        list(self._pool.map(finish, range(len(rows))))
        for channel in range(len(rows), self.num_coils):
            stacked[channel] = stacked[self.num_coils + channel] = 0

    def _calibration(self, samples: Complex64, width: int) -> Complex64:
        """The central lines (coils, samples), cropped along x; all lines where the central ones hold no signal."""
        coils, height, source_width = samples.shape
        central = samples[:, max(0, height // 2 - CALIBRATION_LINES // 2) : height // 2 + CALIBRATION_LINES // 2]
        for lines in (central, samples):
            calibration = lines if width == source_width else self._cropped_readout(lines, width)
            if calibration.any():
                break
        return calibration.reshape(coils, -1)

    def _refuse_faults(self, samples: Complex64, index: int) -> None:
        def sum_of_squares(coil: Complex64) -> np.float32:
            parts = coil.reshape(-1).view(np.float32)
            return np.dot(parts, parts)

        # Squares of finite samples can overflow, too: then a closer look is due.
        if not np.isfinite(list(self._pool.map(sum_of_squares, samples))).all() and not np.isfinite(samples).all():
            raise ValueError(f"slice {index} holds NaN or infinite samples; only finite samples can be embedded")

    def _centre(self, samples: Complex64, matrix: int) -> Complex64:
        coils, height, width = samples.shape
        y, x = height // 2 - matrix // 2, width // 2 - matrix // 2
        centre = np.empty((coils, matrix, matrix), np.complex64)

        def copy(part: slice) -> None:
            centre[part] = samples[part, y : y + matrix, x : x + matrix]

        list(self._pool.map(copy, self._parts(coils)))
        return centre

    def _scale(self, planes: Complex64, index: int) -> float:
        """What brings the virtual coils to unit root-mean-square."""
        energy = sum(self._pool.map(lambda plane: np.vdot(plane, plane).real, planes))
        if not np.isfinite(energy):
            raise ValueError(f"slice {index} holds NaN or infinite samples; only finite samples can be embedded")
        return float(np.sqrt(planes[0].size / energy))

    def _cropped_readout(self, samples: Complex64, readout_width: int) -> Complex64:
        width = samples.shape[2]
        hybrid = scipy.fft.ifft(scipy.fft.ifftshift(samples, axes=2), axis=2, norm="ortho", workers=self.threads)
        first = width // 2 - readout_width // 2
        taken = (np.arange(first, first + readout_width) - width // 2) % width
        return np.ascontiguousarray(hybrid[:, :, taken])

    def _compression(self, pixels: Complex64, whitening: Complex128 | None, index: int) -> Complex64:
        """Prewhitening, PCA and a scale to about 1 as one matrix (virtual coils, coils)."""
        gram = self._gram(pixels)
        energy = np.trace(gram).real
        if not np.isfinite(energy):
            raise ValueError(f"slice {index} holds NaN or infinite samples; only finite samples can be embedded")
        if energy == 0:
            raise ValueError(f"slice {index} is all zero; a slice needs signal to be embedded")
        gram /= energy
        if whitening is not None:
            gram = whitening @ gram @ whitening.conj().T
        _, eigenvectors = scipy.linalg.eigh(gram, check_finite=False, driver="evd")
        rows: Complex128 = eigenvectors[:, ::-1][:, : self.num_coils].conj().T
        if whitening is not None:
            rows = rows @ whitening
        return (rows * np.sqrt(pixels.shape[1] / energy)).astype(np.complex64)

    def _gram(self, pixels: Complex64) -> Complex128:
        if self.threads == 1:
            return _gram_by_zherk(pixels)
        return np.sum(
            list(self._pool.map(lambda part: _gram_by_real_product(pixels[:, part]), self._parts(pixels.shape[1]))),
            axis=0,
        )

    def _parts(self, length: int) -> list[slice]:
        bounds = np.linspace(0, length, self.threads + 1).astype(int)
        return [slice(first, last) for first, last in itertools.pairwise(bounds)]


def _whitening(noise_covariance: Complex128) -> Complex128:
    covariance = np.asarray(noise_covariance, np.complex128) / np.diagonal(noise_covariance).real.mean()
    lower = np.linalg.cholesky(0.5 * (covariance + covariance.conj().T))
    return scipy.linalg.solve_triangular(lower, np.eye(len(lower)), lower=True)


def _chunks(length: int) -> Iterator[slice]:
    return (slice(first, min(first + CHUNK, length)) for first in range(0, length, CHUNK))


def _gram_by_zherk(pixels: Complex64) -> Complex128:
    """The fastest on one thread; it holds the GIL, so threads would not share it."""
    coils = len(pixels)
    upper = np.zeros((coils, coils), np.complex128, order="F")
    for chunk in _chunks(pixels.shape[1]):
        upper = zherk(1.0, pixels[:, chunk].astype(np.complex128).T, beta=1.0, c=upper, trans=2, overwrite_c=1)
    return upper.conj() + np.triu(upper, 1).T


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


def _shift_before(length: int) -> NDArray[np.float32] | Complex64:
    """What the samples after the transform are multiplied with, instead of an ifftshift before it."""
    if length % 2 == 0:
        return (1 - 2 * (np.arange(length) % 2)).astype(np.float32)
    return np.exp(-2j * np.pi * (length // 2) / length * np.arange(length)).astype(np.complex64)


def _signs(height: int, width: int, cropped: bool) -> NDArray[np.float32] | Complex64:
    """The same for both axes (height, width), or where x is an image already for y alone."""
    return _shift_before(height)[:, None] * (1 if cropped else _shift_before(width)[None, :])


def _padded(planes: Complex64, matrix: int) -> Complex64:
    """Square planes in the middle of `matrix` x `matrix` samples, the others zero."""
    side = planes.shape[1]
    put = slice(matrix // 2 - side // 2, matrix // 2 - side // 2 + side)
    padded = np.zeros((len(planes), matrix, matrix), np.complex64)
    padded[:, put, put] = planes
    return padded


def _shift_after(length: int) -> tuple[tuple[slice, slice], ...]:
    """The two pieces, target and source, that an fftshift copies; all at once where nothing is shifted (length 1)."""
    if length == 1:
        return ((slice(None), slice(None)),)
    half = length // 2
    return (
        (slice(0, half), slice(length - half, length)),
        (slice(half, length), slice(0, length - half)),
    )
