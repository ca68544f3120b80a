"""Scans with several peculiarities at once, each with the lines of k-space that a right reader finds.

A scan is a list of lines by their places in k-space, in the order of measurement; the header's counters and centres
follow from them. Its answer is a plain scan of the same places.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellipses import Body, drawn_body
from kspace_oracle import placed_slices
from raw_scan import REVERSE, Limits, RawScan, Readout, Space

Complex = NDArray[np.complex128]


@dataclass(frozen=True)
class Line:
    """One readout. y, z: steps from the centre of k-space; first, last: of its samples from there."""

    y: int
    z: int = 0
    first: int | None = None
    last: int | None = None
    reverse: bool = False
    discard: tuple[int, int] = (0, 0)  # in the order of time
    flags: int = 0
    average: int = 0
    factor: complex = 1.0
    counters: tuple[tuple[str, int], ...] = ()  # slice, contrast, ...: each combination has a body of its own
    segment: int = 0


@dataclass(frozen=True)
class Matrix:
    """Pixels of the encoded space and of its part that is the image, along x, y, z."""

    encoded: tuple[int, int, int] = (32, 24, 1)
    kept: tuple[int, int, int] = (32, 24, 1)
    recon: tuple[int, int, int] | None = None  # the reconstruction's matrix, where it is another one
    pixel: tuple[float, float, float] = (6.0, 6.0, 5.0)
    offset_y: int = 0  # of the encoding steps' minimum
    offset_z: int = 0

    @property
    def encoded_fov(self) -> NDArray[np.float64]:
        return np.array(self.encoded) * self.pixel

    @property
    def recon_fov(self) -> NDArray[np.float64]:
        return np.array(self.kept) * self.pixel


def _labels(line: Line) -> dict[str, Any]:
    return dict(line.counters)


def _triple(values: Iterable[float]) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in values)
    return x, y, z


@dataclass(frozen=True)
class Scan:
    """A matrix, and its lines in the order of measurement."""

    matrix: Matrix
    lines: tuple[Line, ...]
    coils: int = 3
    seed: int = 7
    limits: bool = True
    change: Callable[[RawScan], RawScan] = lambda scan: scan

    def body(self, counters: tuple[tuple[str, int], ...]) -> Body:
        random = np.random.default_rng([self.seed, *(number for _, number in counters)])
        wave = np.array([0, 1, 0]) / self.matrix.encoded_fov
        depth = 4000.0 if self.matrix.encoded[2] == 1 else self.matrix.recon_fov[2]
        return drawn_body(random, self.coils, (*self.matrix.recon_fov[:2].tolist(), depth), wave)

    def _span(self, line: Line) -> NDArray[np.int64]:
        width = self.matrix.encoded[0]
        first = -(width // 2) if line.first is None else line.first
        last = width - width // 2 - 1 if line.last is None else line.last
        return np.arange(first, last + 1)

    def _samples(self, line: Line, x: NDArray[np.int64]) -> Complex:
        k = np.stack([x, np.full_like(x, line.y), np.full_like(x, line.z)], -1) / self.matrix.encoded_fov
        return 1e-5 * line.factor * self.body(line.counters).kspace(k)

    def _limits(self, steps: Iterable[int], offset: int) -> Limits:
        known = set(steps)
        return Limits(offset, offset + max(known) - min(known), offset - min(known))

    def raw(self) -> RawScan:
        """As a scanner would write it."""
        random = np.random.default_rng(self.seed)
        limits_1 = self._limits((line.y for line in self.lines), self.matrix.offset_y)
        limits_2 = self._limits((line.z for line in self.lines), self.matrix.offset_z)
        _, height, depth = self.matrix.encoded
        center_1 = limits_1.center if self.limits else height // 2
        center_2 = limits_2.center if self.limits else depth // 2
        readouts = []
        for line in self.lines:
            x = self._span(line)[::-1] if line.reverse else self._span(line)
            before, after = line.discard
            loud = [1e3 * random.standard_normal((self.coils, length)) for length in line.discard]
            readouts.append(
                Readout(
                    np.concatenate([loud[0], self._samples(line, x), loud[1]], 1).astype(np.complex64),
                    before + int(np.flatnonzero(x == 0)[0]),
                    before,
                    after,
                    line.flags | (REVERSE if line.reverse else 0),
                    center_1 + line.y,
                    center_2 + line.z if depth > 1 else 0,
                    line.average,
                    segment=line.segment,
                    **_labels(line),
                )
            )
        recon = self.matrix.kept if self.matrix.recon is None else self.matrix.recon
        return self.change(
            RawScan(
                Space(self.matrix.encoded, _triple(self.matrix.encoded_fov)),
                Space(recon, _triple(self.matrix.recon_fov)),
                limits_1 if self.limits else None,
                limits_2 if self.limits and depth > 1 else None,
                readouts,
            )
        )

    def answer(self) -> list[Complex]:
        """K-space of each slice: what was measured at its place, the rest zero."""
        width, height, depth = self.matrix.encoded
        readouts = []
        for line in self.lines:
            grid = np.arange(width) - width // 2
            inside = np.isin(grid, self._span(line))
            samples = np.where(inside, self._samples(line, grid), 0).astype(np.complex64)
            if abs(line.y + 0.5) <= height / 2 and abs(line.z + 0.5) <= depth / 2 + 0.5:
                readouts.append(
                    Readout(
                        samples,
                        width // 2,
                        flags=line.flags,
                        step_1=line.y + height // 2,
                        step_2=line.z + depth // 2 if depth > 1 else 0,
                        **_labels(line),
                    )
                )
        encoded = Space(self.matrix.encoded, _triple(self.matrix.encoded_fov))
        recon = Space(self.matrix.kept, _triple(self.matrix.recon_fov))
        limits_2 = Limits(0, depth - 1, depth // 2) if depth > 1 else None
        return placed_slices(RawScan(encoded, recon, Limits(0, height - 1, height // 2), limits_2, readouts))

    def full(self) -> list[Complex]:
        """K-space of each slice, had every line been measured."""
        _, height, depth = self.matrix.encoded
        counters = sorted({line.counters for line in self.lines}) or [()]
        every = tuple(
            Line(y, z, counters=one)
            for one in counters
            for z in range(-(depth // 2), depth - depth // 2)
            for y in range(-(height // 2), height - height // 2)
        )
        return replace(self, lines=every).answer()
