"""Trials on measured scans: slices scanned again, few of many coils, and repeated scans."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from mriembed.errors import InvalidArgumentError
from mriembed.evaluation.gallery import Gallery, Score, scores
from mriembed.evaluation.methods import Method
from mriembed.scans import ScanSlice
from mriembed.simulation.acquisition import reacquire
from mriembed.simulation.perturbation import SAME_SESSION

_FEW, _MANY = 4, 16  # coils that are left, of at least so many


@dataclass(frozen=True)
class RepeatedScan:
    """A slice and a later scan of it, and whether the one's nearest other slice is the other, by each method."""

    first: str
    second: str
    found: dict[str, bool]


def read_pairs(file: Path, slices: Sequence[ScanSlice]) -> list[tuple[int, int]]:
    """Pairs of repeated scans, as numbers of slices: a line each, two names (`ScanSlice.name`) with a blank or comma.

    Raises:
        InvalidArgumentError: a line is no pair, or names a slice that is not there.
    """
    numbers = {scan.name: number for number, scan in enumerate(slices)}
    pairs = []
    try:
        lines = file.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidArgumentError(f"{file}: cannot be read as a file of pairs: {error}") from None
    for count, line in enumerate(lines, 1):
        names = line.partition("#")[0].replace(",", " ").split()
        if not names:
            continue
        if len(names) != 2:
            raise InvalidArgumentError(f"{file}, line {count}: expected two names of slices, found {len(names)}")
        for name in names:
            if name not in numbers:
                raise InvalidArgumentError(
                    f"{file}, line {count}: no slice {name!r} in the scans; there are {', '.join(numbers)}"
                )
        pairs.append((numbers[names[0]], numbers[names[1]]))
    return pairs


def scans_of_one_slice(pairs: Sequence[tuple[int, int]]) -> dict[int, list[int]]:
    """For each slice that has repeated scans, the numbers of these."""
    repeated: dict[int, list[int]] = {}
    for first, second in pairs:
        repeated.setdefault(first, []).append(second)
        repeated.setdefault(second, []).append(first)
    return repeated


def measured_trials(
    methods: Sequence[Method],
    slices: Sequence[ScanSlice],
    pairs: Sequence[tuple[int, int]],
    repeats: int,
    seed: int,
    on_slice: Callable[[], None],
) -> tuple[list[Score], list[RepeatedScan], Gallery, Gallery]:
    """Finding each slice again among all of them.

    Args:
        methods: what is compared.
        slices: the measured slices.
        pairs: which of them are repeated scans of one slice.
        repeats: acquisitions of each slice at each level, and sets of few coils.
        seed: decides the acquisitions.
        on_slice: called after each slice.

    Returns:
        Scores, the repeated scans, the gallery, and the acquisitions at the medium level.
    """
    gallery = Gallery(methods)
    again = {name: Gallery(methods) for name in SAME_SESSION}
    few = Gallery(methods)
    generator = torch.Generator().manual_seed(seed)
    for number, scan in enumerate(slices):
        kspace = torch.from_numpy(scan.kspace)[None]
        gallery.add(scan.kspace[None], [number])
        for name, level in SAME_SESSION.items():
            for _ in range(repeats):
                again[name].add(reacquire(kspace, level, generator).numpy(), [number])
        coils = kspace.size(1)
        if coils >= _MANY:
            for _ in range(repeats):
                chosen = torch.randperm(coils, generator=generator)[:_FEW]
                few.add(kspace[:, chosen].numpy(), [number])
        on_slice()
    repeated = scans_of_one_slice(pairs)
    found = [score for name in SAME_SESSION for score in scores(f"measured, {name}", gallery, again[name], repeated)]
    if few.labels:
        found += scores(f"measured, any {_FEW} coils", gallery, few, repeated)
    return found, _repeated_scans(gallery, slices, pairs, repeated), gallery, again["medium"]


def _repeated_scans(
    gallery: Gallery,
    slices: Sequence[ScanSlice],
    pairs: Sequence[tuple[int, int]],
    repeated: Mapping[int, Sequence[int]],
) -> list[RepeatedScan]:
    nearest = {}
    for method in gallery.methods:
        rows = gallery.rows(method)
        similarity = rows @ rows.T
        np.fill_diagonal(similarity, -np.inf)
        nearest[method] = similarity.argmax(1)
    return [
        RepeatedScan(
            slices[first].name,
            slices[second].name,
            {method: int(nearest[method][first]) in repeated[first] for method in nearest},
        )
        for first, second in pairs
    ]
