"""Uniform random numbers that are drawn at once and handed out in turn."""

from __future__ import annotations

import math

import torch
from torch import Tensor


class UniformNumbers:
    """Uniform random numbers for each of `rows` subjects, slices or arrays.

    A simulation takes a few numbers for each row here and a few there. Drawn one by one, each of them costs a GPU a
    kernel, and many small kernels take longer than few large ones. A CPU gives the same numbers either way.

    Args:
        rows: subjects, slices or arrays of a batch.
        count: so many numbers are there for each row.
        generator: its device is where the numbers are.
        times: so many sets of `count` numbers; what is handed out then has a first axis of that length.
    """

    def __init__(self, rows: int, count: int, generator: torch.Generator, *, times: int | None = None) -> None:
        sets = 1 if times is None else times
        self._rows = rows
        self._axes = () if times is None else (times,)
        self._numbers = torch.rand(sets, rows * count, generator=generator, device=generator.device)
        self._used = 0

    def __call__(self, low: float, high: float, *shape: int) -> Tensor:
        """The next ones: (rows, *shape) or (times, rows, *shape), from `low` to `high`."""
        count = self._rows * math.prod(shape)
        numbers = self._numbers.narrow(1, self._used, count)
        self._used += count
        return low + (high - low) * numbers.reshape(*self._axes, self._rows, *shape)
