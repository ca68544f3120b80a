"""Ways to complete the lines that an undersampled slice lacks along y. undersampled.py compares them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mriembed.preprocessing import ECHO_WINDOW

Samples = NDArray[np.complex64]
Lines = NDArray[np.bool_]

_FEWEST_MIRRORED = 4  # lines beyond the centre that a phase is found from


@dataclass(frozen=True)
class Sampling:
    """Which lines along y are measured: every `acceleration`-th, the ACS lines, and not the last ones."""

    name: str
    acceleration: int = 1
    calibration_lines: int = 24
    share: float = 1.0  # of the lines, for partial Fourier

    def lines(self, height: int) -> Lines:
        line = np.arange(height)
        measured: Lines = (line - height // 2) % self.acceleration == 0
        measured |= self.calibration(height)
        return measured & (line < round(self.share * height))

    def calibration(self, height: int) -> Lines:
        line = np.arange(height)
        first = height // 2 - self.calibration_lines // 2
        within: Lines = (line >= first) & (line < first + self.calibration_lines)
        return within


Completion = Callable[[Samples, Sampling], Samples]


def fft(samples: NDArray[np.complexfloating], axis: int) -> NDArray[np.complexfloating]:
    return np.fft.fftshift(np.fft.fft(np.fft.ifftshift(samples, axis), axis=axis, norm="ortho"), axis)


def ifft(samples: NDArray[np.complexfloating], axis: int) -> NDArray[np.complexfloating]:
    return np.fft.fftshift(np.fft.ifft(np.fft.ifftshift(samples, axis), axis=axis, norm="ortho"), axis)


def measured_part(kspace: Samples, sampling: Sampling) -> Samples:
    return np.where(sampling.lines(kspace.shape[1])[:, None], kspace, np.complex64(0))


def zero_filled(kspace: Samples, sampling: Sampling) -> Samples:
    return measured_part(kspace, sampling)


def density_compensated(kspace: Samples, sampling: Sampling) -> Samples:
    """Outside of the ACS lines each line stands for as many as `acceleration`."""
    weight = np.where(sampling.calibration(kspace.shape[1]), 1, sampling.acceleration).astype(np.float32)
    return measured_part(kspace, sampling) * weight[:, None]


def calibration_alone(kspace: Samples, sampling: Sampling) -> Samples:
    return np.where(sampling.calibration(kspace.shape[1])[:, None], kspace, np.complex64(0))


def grappa(
    kspace: Samples, sampling: Sampling, *, lines: int, taps: int, regularization: float, weighted: bool = True
) -> Samples:
    """GRAPPA (Griswold et al. 2002, doi:10.1002/mrm.10171) with `lines` x `taps` sources of each coil.

    The readouts are transformed to images: there a kernel along kx is a product with a trigonometric polynomial of
    `taps` terms, and k-space is taken as cyclic along kx. `regularization` is Tikhonov's, as a share of the mean
    diagonal. Sources lie as far apart as the two nearest measured lines; where not all of them are there, these two
    remain. `weighted` positions of the kernel count by the inverse of the energy of the lines that they span.
    """
    hybrid = ifft(measured_part(kspace, sampling).astype(np.complex128), 2)
    filled = hybrid.copy()
    coils, height, width = hybrid.shape
    present = sampling.lines(height)
    calibration = np.flatnonzero(sampling.calibration(height) & present)
    begin, end = int(calibration[0]), int(calibration[-1]) + 1
    energies = (np.abs(hybrid) ** 2).sum((0, 2))
    x = np.arange(width)
    terms = np.exp(2j * np.pi * np.outer(np.arange(taps) - taps // 2, x) / width)
    weights: dict[tuple[int, ...], NDArray[np.complex128]] = {}
    missing = np.flatnonzero(~present)
    for target in missing:
        before, after = target - 1, target + 1
        while before >= 0 and not present[before]:
            before -= 1
        while after < height and not present[after]:
            after += 1
        gap = int(after - before)
        if before < 0 or after >= height or gap > sampling.acceleration:
            continue
        sources = tuple(int(before - target) + gap * i for i in range(1 - lines // 2, 1 + lines // 2))
        if any(not (0 <= target + offset < height and present[target + offset]) for offset in sources):
            sources = (int(before - target), int(after - target))
        if sources not in weights:
            first, last = begin - min(min(sources), 0), end - max(max(sources), 0)
            if last - first < 1:
                continue
            # (x, positions, lines * coils)
            windows = np.stack([hybrid[:, first + offset : last + offset] for offset in sources])
            design = windows.transpose(3, 2, 0, 1).reshape(width, last - first, -1)
            wanted = hybrid[:, first:last].transpose(2, 1, 0)
            if weighted:
                spanned = range(min(sources), max(sources) + 1)
                spans = np.sum([energies[first + offset : last + offset] for offset in spanned], 0)
                scale = 1 / np.sqrt(spans / spans.max() + 1e-6)
                design, wanted = design * scale[:, None], wanted * scale[:, None]
            products = design.conj().transpose(0, 2, 1) @ design
            cross = design.conj().transpose(0, 2, 1) @ wanted
            number = design.shape[2]
            gram = np.empty((taps, number, taps, number), complex)
            right = np.empty((taps, number, coils), complex)
            for i in range(taps):
                right[i] = np.tensordot(terms[i].conj(), cross, 1)
                for j in range(i, taps):
                    gram[i, :, j] = np.tensordot(terms[i].conj() * terms[j], products, 1)
                    gram[j, :, i] = gram[i, :, j].conj().T
            gram = gram.reshape(taps * number, -1)
            gram += np.eye(len(gram)) * (regularization * np.trace(gram).real / len(gram))
            solved = np.linalg.solve(gram, right.reshape(taps * number, coils)).reshape(taps, number, coils)
            weights[sources] = np.tensordot(terms.T, solved, 1)
        near = np.stack([hybrid[:, target + offset] for offset in sources])  # (lines, coils, x)
        filled[:, target] = (near.reshape(-1, width).T[:, None] @ weights[sources])[:, 0].T
    return fft(filled, 2).astype(np.complex64)


def echo_line(kspace: Samples) -> int:
    """The line of the echo: step 5.1 of the preprocessing, in whole lines from the centre."""
    height = kspace.shape[1]
    window = min(height, ECHO_WINDOW)
    first = height // 2 - window // 2
    energy = (np.abs(kspace[:, first : first + window]) ** 2).sum((0, 2))
    mean = (energy * np.exp(2j * np.pi * (np.arange(window) - window // 2) / window)).sum()
    echo: int = round(math.atan2(float(mean.imag), float(mean.real)) * window / (2 * math.pi))
    return echo


def homodyne(kspace: Samples, sampling: Sampling, *, about_echo: bool) -> Samples:
    """Homodyne detection (Noll et al. 1991, IEEE Trans. Med. Imaging 10, 154), with a ramp and for each coil.

    k-space is symmetric about its centre, or about the echo. The phase is that of the lines whose mirror image was
    measured, under a Hann window.
    """
    height = kspace.shape[1]
    there = measured_part(kspace, sampling)
    centre = height // 2 + (echo_line(there) if about_echo else 0)
    beyond = round(sampling.share * height) - centre
    if beyond < _FEWEST_MIRRORED:
        return there
    k = np.arange(height) - centre
    window = np.where(np.abs(k) < beyond, np.cos(np.pi * k / (2 * beyond)) ** 2, 0)
    low = ifft(ifft(there * window[:, None], 1), 2)
    phase = low / np.maximum(np.abs(low), 1e-30)
    weight = np.clip(1 - k / beyond, 0, 2)
    image = ifft(ifft(there * weight[:, None], 1), 2)
    image = (image * phase.conj()).real * phase
    return fft(fft(image, 1), 2).astype(np.complex64)


def conjugate_filled(kspace: Samples, sampling: Sampling, *, about_echo: bool) -> Samples:
    """Measured lines as they are, the missing ones of homodyne detection."""
    present = np.arange(kspace.shape[1]) < round(sampling.share * kspace.shape[1])
    there = measured_part(kspace, sampling)
    return np.where(present[:, None], there, homodyne(kspace, sampling, about_echo=about_echo))


def after_grappa(kspace: Samples, sampling: Sampling, *, fill: Completion, complete: Completion) -> Samples:
    """Partial Fourier of accelerated scans: GRAPPA, then the missing end."""
    regular = Sampling("", 1, sampling.calibration_lines, sampling.share)
    return complete(fill(kspace, sampling), regular)
