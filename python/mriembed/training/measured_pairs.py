"""Pairs of acquisitions of measured slices: each slice of the user's scans, scanned again by the simulator, twice."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from mriembed.errors import InvalidArgumentError
from mriembed.preprocessing import CoilPreprocessor
from mriembed.scans import ScanSlice
from mriembed.simulation.acquisition import reacquire
from mriembed.training.view import view

_FEWEST_COILS = 0.25  # share of a scan's coils that an acquisition has at least
_VALIDATION = 0.2  # share of the files that are not trained on


def split_by_file(slices: Sequence[ScanSlice], seed: int) -> tuple[list[ScanSlice], list[ScanSlice]]:
    """Slices to train on, and slices for validation. All slices of a file are on one side.

    Raises:
        InvalidArgumentError: fewer than two slices to train on, or only one file.
    """
    files = sorted({scan.file for scan in slices})
    if len(files) < 2 or len(slices) < 3:
        raise InvalidArgumentError(
            f"--scans: {len(files)} file(s) with {len(slices)} slice(s) are too few to train on: "
            "at least two files with three slices are needed, one of the files for validation"
        )
    shuffled = files.copy()
    random.Random(seed).shuffle(shuffled)
    validation = set(shuffled[: max(1, round(_VALIDATION * len(files)))])
    trained = [scan for scan in slices if scan.file not in validation]
    if len(trained) < 2:
        validation = set(files) - validation
        trained = [scan for scan in slices if scan.file not in validation]
    return trained, [scan for scan in slices if scan.file in validation]


class MeasuredPairs:
    """Draws pairs of acquisitions of measured slices."""

    def __init__(self, slices: Sequence[ScanSlice], device: torch.device) -> None:
        self._kspace = [torch.from_numpy(scan.kspace).to(device) for scan in slices]

    def pairs(
        self, count: int, preprocessor: CoilPreprocessor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Network input of two acquisitions of `count` slices, (count, 2 x num_coils, matrix, matrix) each.

        Returns:
            First acquisitions, second ones, and the number of each slice, by which a slice drawn twice is known.
        """
        perturbation = replace(view(1.0), fewest_coils=_FEWEST_COILS)
        device = generator.device
        chosen: list[Tensor] = []
        while sum(map(len, chosen)) < count:  # each slice once before any comes again
            chosen.append(torch.randperm(len(self._kspace), generator=generator, device=device))
        numbers = torch.cat(chosen)[:count]
        views: list[list[Tensor]] = [[], []]
        for number in numbers.tolist():
            for drawn in views:
                kspace = reacquire(self._kspace[number][None], perturbation, generator)
                drawn.append(preprocessor.preprocess_kspace(kspace)[0])
        return torch.cat(views[0]), torch.cat(views[1]), numbers
