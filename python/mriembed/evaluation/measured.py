"""Trials on measured scans: another session and the same one, phase alone, few of many coils, repeated scans."""

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
from mriembed.simulation.acquisition import reacquire, with_background_phase
from mriembed.simulation.background_phase import random_background_phase
from mriembed.simulation.perturbation import ANOTHER_SESSION, ANY_PHASE, SAME_SESSION

_FEW, _MANY = 4, 16  # coils that are left, of at least so many
_SEED = 7_375_000_003  # of other sessions; far from the seeds of training, which are the output of a mixing function


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
        repeats: acquisitions of each slice at each level, background phases, and sets of few coils.
        seed: decides the acquisitions.
        on_slice: called after each slice.

    Returns:
        Scores, the repeated scans, the gallery, and the acquisitions in another session at the medium level.
    """
    gallery = Gallery(methods)
    trials = {f"measured, another session, {name}": Gallery(methods) for name in ANOTHER_SESSION}
    trials["measured, phase alone"] = Gallery(methods)
    trials |= {f"measured, same session, {name}": Gallery(methods) for name in SAME_SESSION}
    few = Gallery(methods)
    generator = torch.Generator().manual_seed(seed)
    other_sessions = torch.Generator().manual_seed(_SEED + 1_000_003 * seed)
    for number, scan in enumerate(slices):
        kspace = torch.from_numpy(scan.kspace)[None]
        height, width = kspace.shape[2:]
        gallery.add(scan.kspace[None], [number])
        for name, level in ANOTHER_SESSION.items():
            for _ in range(repeats):
                again = reacquire(kspace, level, other_sessions)
                trials[f"measured, another session, {name}"].add(again.numpy(), [number])
        for _ in range(repeats):
            phase = random_background_phase(torch.zeros(1, 1), height, width, ANY_PHASE, other_sessions)
            trials["measured, phase alone"].add(with_background_phase(kspace, phase).numpy(), [number])
        for name, level in SAME_SESSION.items():
            for _ in range(repeats):
                again = reacquire(kspace, level, generator)
                trials[f"measured, same session, {name}"].add(again.numpy(), [number])
        coils = kspace.size(1)
        if coils >= _MANY:
            for _ in range(repeats):
                chosen = torch.randperm(coils, generator=generator)[:_FEW]
                few.add(kspace[:, chosen].numpy(), [number])
        on_slice()
    repeated = scans_of_one_slice(pairs)
    found = [score for trial, queries in trials.items() for score in scores(trial, gallery, queries, repeated)]
    if few.labels:
        found += scores(f"measured, same session, any {_FEW} coils", gallery, few, repeated)
    in_another_session = trials["measured, another session, medium"]
    return found, _repeated_scans(gallery, slices, pairs, repeated), gallery, in_another_session


def _repeated_scans(
    gallery: Gallery,
    slices: Sequence[ScanSlice],
    pairs: Sequence[tuple[int, int]],
    repeated: Mapping[int, Sequence[int]],
) -> list[RepeatedScan]:
    nearest = {}
    for method in gallery.methods:
        similarity = gallery.similarity(method, gallery)
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
