"""Missing lines as docs/preprocessing.md says them: NumPy, complex128, one line after the other, in k-space."""

from itertools import pairwise

import numpy as np


def completed(virtual: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """Virtual coils (coils, lines, x) along y as k-space, along x as images, with all that can be filled.

    `measured` is (lines,) bool.
    """
    lines = len(measured)
    begin, end = longest_run(measured)
    before, after = lines // 2 - begin, end - lines // 2
    calibrated = min(before, after) >= 2 / 3 * max(before, after)
    there = [int(line) for line in np.flatnonzero(measured)]
    filled: np.ndarray = virtual.copy()
    left = False
    for before, after in pairwise(there):
        if after - before > 6 or not calibrated or end - begin < 3 * (after - before):
            left = left or after - before > 1
            continue
        for line in range(before + 1, after):
            filled[:, line] = grappa_line(virtual, before, line, after, begin, end)
    missing_before, missing_after = there[0], lines - 1 - there[-1]
    if not left and (missing_before > lines // 16) != (missing_after > lines // 16):
        filled = with_mirror_images(filled, there[0], there[-1] + 1, echo_line(filled))
    return filled


def longest_run(measured: np.ndarray) -> tuple[int, int]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], measured.astype(int), [0]])))
    runs = edges.reshape(-1, 2)
    begin, end = runs[np.argmax(runs[:, 1] - runs[:, 0])]
    return int(begin), int(end)


def grappa_line(virtual: np.ndarray, before: int, line: int, after: int, begin: int, end: int) -> np.ndarray:
    """A line by GRAPPA's definition in k-space: weights for 2 x 5 samples of each coil, by NumPy's least squares."""
    kspace = np.fft.fft(virtual, axis=2)
    coils = len(kspace)

    def sources(first: int, last: int) -> np.ndarray:
        return np.stack(
            [
                np.roll(kspace[coil, row], -tap)
                for row in (first, last)
                for coil in range(coils)
                for tap in range(-2, 3)
            ],
            1,
        )

    gap = after - before
    energies = [np.sum(np.abs(kspace[:, first : first + gap + 1]) ** 2) for first in range(begin, end - gap)]
    design, wanted = [], []
    for first, energy in zip(range(begin, end - gap), energies, strict=True):
        weight = np.sqrt(1 / (energy / max(energies) + 1e-6))
        design.append(weight * sources(first, first + gap))
        wanted.append(weight * kspace[:, first + line - before].T)
    matrix = np.concatenate(design)
    ridge = np.sqrt(1e-3 * np.mean(np.sum(np.abs(matrix) ** 2, 0)))
    unknowns = matrix.shape[1]
    augmented = np.concatenate([matrix, ridge * np.eye(unknowns)])
    right = np.concatenate([*wanted, np.zeros((unknowns, coils))])
    weights = np.linalg.lstsq(augmented, right, rcond=None)[0]
    return np.fft.ifft((sources(before, after) @ weights).T, axis=1)


def echo_line(virtual: np.ndarray) -> int:
    lines = virtual.shape[1]
    window = min(48, lines)
    k = np.arange(window) - window // 2
    energies = [np.sum(np.abs(virtual[:, lines // 2 + step]) ** 2) for step in k]
    mean = np.sum(energies * np.exp(2j * np.pi * k / window))
    result: int = lines // 2 + round(float(np.angle(mean)) * window / (2 * np.pi))
    return result


def with_mirror_images(virtual: np.ndarray, begin: int, end: int, echo: int) -> np.ndarray:
    """Homodyne lines in place of those beyond the nearer end of begin to end - 1 whose mirror image is there."""
    towards = 1 if end - echo < echo - begin + 1 else -1  # where lines are missing
    mirrored = min(end - echo, echo - begin + 1)
    if mirrored < 4:
        return virtual
    low, ramped = np.zeros_like(virtual), np.zeros_like(virtual)
    for line in range(begin, end):
        share = towards * (line - echo) / mirrored
        if abs(share) < 1:
            low[:, line] = np.cos(np.pi * share / 2) ** 2 * virtual[:, line]
        ramped[:, line] = np.clip(1 - share, 0, 2) * virtual[:, line]
    phase = np.exp(1j * np.angle(np.fft.ifft(low, axis=1)))
    again = np.fft.fft(np.real(np.fft.ifft(ramped, axis=1) / phase) * phase, axis=1)
    filled: np.ndarray = virtual.copy()
    for line in range(virtual.shape[1]):
        beyond = line >= end if towards > 0 else line < begin
        if beyond and begin <= 2 * echo - line < end:
            filled[:, line] = again[:, line]
    return filled
