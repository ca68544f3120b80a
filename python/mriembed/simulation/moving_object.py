"""Motion of the object while raw slices are measured, for faults of scans.

A raw scan has only the images of its coils: these move as a whole, the sensitivities with the object.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def displace_lines(kspace: NDArray[np.complex64], lines: NDArray[np.intp], displacements: NDArray[np.float64]) -> None:
    """Displaces the object while some lines of one slice are measured; modifies `kspace`.

    Args:
        kspace: (coils, y, x), the centre of k-space at n // 2.
        lines: indices of lines along y.
        displacements: (lines, 2), of the object at each of them, in pixels along y and x, towards larger indices.
    """
    height, width = kspace.shape[1:]
    along_y = displacements[:, :1] * ((lines[:, None] - height // 2) / height)
    along_x = displacements[:, 1:] * ((np.arange(width) - width // 2) / width)
    kspace[:, lines] *= np.exp(-2j * np.pi * (along_y + along_x)).astype(np.complex64)


def rotated(kspace: NDArray[np.complex64], degrees: float) -> NDArray[np.complex64]:
    """k-space of the rotated object, from +y towards +x about the centre of the field of view.

    k-space rotates with the object. Three shears rotate it (Unser, Thevenaz and Yaroslavsky, IEEE Trans. Image Process.
    4:1371, 1995). Each is a phase of the Fourier transform along one axis, so that white noise stays white, and the
    transforms are exact for an object inside of the field of view. The field of view counts as square.

    Args:
        kspace: (..., y, x), the centre of k-space at n // 2; all samples are measured.
        degrees: less than 90.
    """
    angle = math.radians(degrees)
    turned = kspace.astype(np.complex128)
    for factor, axis in ((math.tan(angle / 2), -1), (-math.sin(angle), -2), (math.tan(angle / 2), -1)):
        turned = _sheared(turned, factor, axis)
    result: NDArray[np.complex64] = turned.astype(np.complex64)
    return result


def _sheared(samples: NDArray[np.complex128], factor: float, axis: int) -> NDArray[np.complex128]:
    """Each line along `axis` (-1 or -2), displaced by `factor` times its distance from the centre."""
    distance = np.arange(samples.shape[-3 - axis]) - samples.shape[-3 - axis] // 2
    frequency = np.fft.fftfreq(samples.shape[axis])
    cycles = factor * (np.outer(distance, frequency) if axis == -1 else np.outer(frequency, distance))
    spectrum = np.fft.fft(samples, axis=axis) * np.exp(-2j * np.pi * cycles)
    result: NDArray[np.complex128] = np.fft.ifft(spectrum, axis=axis)
    return result
