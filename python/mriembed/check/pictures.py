"""The page's pictures: small PNG files as data: URIs, and the curves of noise spectra."""

from __future__ import annotations

import base64
import io
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGEST_SIDE = 128  # pixels
_GREYS = 64  # fewer levels make smaller files; the eye tells no more apart in pictures of this size
_KSPACE_RANGE = 80.0  # dB below the peak that are black at most
_CORRELATION_SIDE = 224  # pixels as displayed
_MARK = (213, 94, 0)  # correlations beyond the limit

# The area of a spectrum's curves.
PLOT_WIDTH, PLOT_HEIGHT = 256, 100
_MOST_POINTS = 256
_TICK_STEPS = (5, 10, 20, 50, 100)
_MOST_TICKS = 6


@dataclass(frozen=True)
class Picture:
    """An inline picture. `width` and `height`: as displayed."""

    uri: str
    width: int
    height: int


@dataclass(frozen=True)
class Tick:
    """A labelled place on an axis."""

    place: float
    label: str


def image_picture(image: NDArray[np.float32], pixel_aspect: float = 1.0) -> Picture:
    """A magnitude image; the brightest half per cent is white. Dark parts are lifted (square root)."""
    small = _reduced(image, np.add) / _reduced(np.ones_like(image), np.add)
    white = max(float(np.quantile(small, 0.995)), 1e-30)
    return _picture(np.sqrt(np.clip(small / white, 0, 1)), image.shape[0] * pixel_aspect, image.shape[1])


def kspace_picture(kspace: NDArray[np.complex64]) -> Picture:
    """The logarithm of the magnitude, from the peak down to the lowest hundredth; missing samples are black.

    Where several samples share a pixel, the largest counts: a single spike stays visible.
    """
    small = _reduced(np.abs(kspace), np.maximum)
    grey = np.zeros(small.shape)
    if small.any():
        decibels = 20 * np.log10(small[small > 0] / small.max())
        floor = max(float(np.quantile(decibels, 0.01)), -_KSPACE_RANGE)
        grey[small > 0] = np.clip(1 - decibels / min(floor, -1.0), 0.02, 1)
    return _picture(grey, *kspace.shape)


def correlation_picture(correlation: NDArray[np.float64], limit: float) -> Picture:
    """A correlation matrix, 0 black and 1 white; pairs of coils above the limit are coloured."""
    colours = np.full((*correlation.shape, 3), 255.0)
    colours[(correlation > limit) & ~np.eye(len(correlation), dtype=bool)] = _MARK
    pixels = np.round(colours * np.clip(correlation, 0, 1)[:, :, None]).astype(np.uint8)
    return Picture(_png(pixels), _CORRELATION_SIDE, _CORRELATION_SIDE)


@dataclass(frozen=True)
class SpectrumAxes:
    """What the spectra of one measurement share.

    Attributes:
        zero: the power that is 0 dB.
        lowest: lower end of the vertical axis in dB. highest: upper end.
    """

    zero: float
    lowest: float
    highest: float

    def ticks(self) -> list[Tick]:
        """Of the vertical axis, in dB."""
        step = next(
            (step for step in _TICK_STEPS if (self.highest - self.lowest) / step < _MOST_TICKS), _TICK_STEPS[-1]
        )
        first = math.ceil(self.lowest / step) * step
        return [Tick(self._height(value), f"{value:d}") for value in range(first, math.floor(self.highest) + 1, step)]

    def points(self, spectrum: NDArray[np.float64]) -> str:
        """The points of a polyline. `spectrum`: as `outer_power` gives it; "" where it is zero."""
        if not spectrum.any():
            return ""
        width = len(spectrum)
        frequencies = (width // 2 - np.arange(width)) / width
        runs = math.ceil(width / _MOST_POINTS)
        points = []
        for first in range(width - 1, -1, -runs):  # ascending frequency
            run = slice(max(first - runs + 1, 0), first + 1)
            strongest = run.start + int(spectrum[run].argmax())
            points.append((place_of(float(frequencies[strongest])), self._height(self._decibels(spectrum[strongest]))))
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)

    def _decibels(self, power: float) -> float:
        return 10 * math.log10(power / self.zero) if power > 0 else self.lowest

    def _height(self, decibels: float) -> float:
        share = (decibels - self.lowest) / (self.highest - self.lowest)
        return PLOT_HEIGHT * (1 - min(max(share, 0.0), 1.0))


def spectrum_axes(spectra: NDArray[np.float64], median_coil: int | None) -> SpectrumAxes:
    """Axes for all coils of a measurement; 0 dB is the median power of the median coil."""
    positive = spectra[spectra > 0]
    if median_coil is None or positive.size == 0:
        return SpectrumAxes(1.0, -10.0, 10.0)
    zero = float(np.median(spectra[median_coil]))
    zero = zero if zero > 0 else float(np.median(positive))
    decibels = 10 * np.log10(positive / zero)
    return SpectrumAxes(zero, float(decibels.min()) - 2, float(decibels.max()) + 2)


def place_of(frequency: float) -> float:
    """Where a frequency in cycles per sample, -0.5 to 0.5, lies along a spectrum's horizontal axis."""
    return PLOT_WIDTH * (frequency + 0.5)


def _reduced(values: NDArray[Any], combined: np.ufunc) -> NDArray[Any]:
    """At most `LARGEST_SIDE` values a side; blocks of neighbours are combined."""
    for axis in (0, 1):
        block = math.ceil(values.shape[axis] / LARGEST_SIDE)
        if block > 1:
            values = combined.reduceat(values, range(0, values.shape[axis], block), axis=axis)
    return values


def _picture(grey: NDArray[Any], height: float, width: float) -> Picture:
    scale = LARGEST_SIDE / max(height, width)
    pixels = (np.round(grey * (_GREYS - 1)) * (255 / (_GREYS - 1))).astype(np.uint8)
    return Picture(_png(pixels), max(1, round(width * scale)), max(1, round(height * scale)))


def _png(pixels: NDArray[np.uint8]) -> str:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
