"""Trials on measured scans: another session and the same one, single changes, few of many coils, repeated scans."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mriembed.errors import InvalidArgumentError
from mriembed.evaluation.gallery import Gallery, Score, scores
from mriembed.evaluation.methods import Method
from mriembed.fourier import kspace_to_image
from mriembed.scans import ScanSlice
from mriembed.simulation.acquisition import reacquire, with_factor
from mriembed.simulation.background_phase import random_background_phase
from mriembed.simulation.excitation import relative_flip_angles
from mriembed.simulation.ghost import with_ghost
from mriembed.simulation.perturbation import ANOTHER_SESSION, ANY_PHASE, GHOST, SAME_SESSION, TRANSMIT_DEVIATION

_FEW, _MANY = 4, 16  # coils that are left, of at least so many
_BRIGHT = 0.1  # of the largest magnitude, from which a pixel counts as body
_REPEATS_OF_A_CHANGE = 4  # acquisitions for each of a transmit field or ghost, of which all are much alike
# Of other sessions and of single changes; far from the seeds of training, which are the output of a mixing function.
_SEED, _CHANGES_SEED = 7_375_000_003, 7_437_500_003


_FEW_COILS = f"measured, same session, any {_FEW} coils"
_TRIALS = [
    *(f"measured, another session, {name}" for name in ANOTHER_SESSION),
    "measured, phase alone",
    *(f"measured, transmit field alone, {name}" for name in TRANSMIT_DEVIATION),
    *(f"measured, ghost alone, {name}" for name in GHOST),
    *(f"measured, same session, {name}" for name in SAME_SESSION),
    _FEW_COILS,
]


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
    on_slice: Callable[[int], None],
) -> tuple[list[Score], list[RepeatedScan], Gallery, Gallery]:
    """Finding each slice again among all of them.

    Args:
        methods: what is compared.
        slices: the measured slices.
        pairs: which of them are repeated scans of one slice.
        repeats: acquisitions of each slice at each level, background phases, and sets of few coils. There is a transmit
            field and a ghost of each level for every fourth of them.
        seed: decides the acquisitions.
        on_slice: called after each slice, with 1.

    Returns:
        Scores, the repeated scans, the gallery, and the acquisitions in another session at the medium level.
    """
    gallery = Gallery(methods)
    trials = {name: Gallery(methods) for name in _TRIALS}
    generators = _Generators(
        torch.Generator().manual_seed(seed),
        torch.Generator().manual_seed(_SEED + 1_000_003 * seed),
        torch.Generator().manual_seed(_CHANGES_SEED + 1_000_003 * seed),
    )
    for number, scan in enumerate(slices):
        gallery.add(scan.kspace[None], [number])
        for trial, again in _acquisitions(torch.from_numpy(scan.kspace)[None], repeats, generators):
            trials[trial].add(again.numpy(), [number])
        on_slice(1)
    few = trials.pop(_FEW_COILS)
    repeated = scans_of_one_slice(pairs)
    found = [score for trial, queries in trials.items() for score in scores(trial, gallery, queries, repeated)]
    if few.labels:
        found += scores(_FEW_COILS, gallery, few, repeated)
    in_another_session = trials["measured, another session, medium"]
    return found, _repeated_scans(gallery, slices, pairs, repeated), gallery, in_another_session


@dataclass(frozen=True)
class _Generators:
    """Random numbers of acquisitions in the same session, in another session, and of single changes."""

    same_session: torch.Generator
    another_session: torch.Generator
    changes: torch.Generator


def _acquisitions(kspace: Tensor, repeats: int, generators: _Generators) -> Iterator[tuple[str, Tensor]]:
    """Acquisitions of a slice, (1, coils, y, x), each with the name of its trial."""
    height, width = kspace.shape[2:]
    for name, level in ANOTHER_SESSION.items():
        for _ in range(repeats):
            yield f"measured, another session, {name}", reacquire(kspace, level, generators.another_session)
    for _ in range(repeats):
        phase = random_background_phase(torch.zeros(1, 1), height, width, ANY_PHASE, generators.another_session)
        yield "measured, phase alone", with_factor(kspace, phase)
    for _ in range(math.ceil(repeats / _REPEATS_OF_A_CHANGE)):
        for name, deviation in TRANSMIT_DEVIATION.items():
            shaded = with_transmit_shading(kspace, deviation, generators.changes)
            yield f"measured, transmit field alone, {name}", shaded
        for name, strength in GHOST.items():
            yield f"measured, ghost alone, {name}", with_ghost(kspace, strength, generators.changes)
    for name, level in SAME_SESSION.items():
        for _ in range(repeats):
            yield f"measured, same session, {name}", reacquire(kspace, level, generators.same_session)
    coils = kspace.size(1)
    if coils >= _MANY:
        for _ in range(repeats):
            chosen = torch.randperm(coils, generator=generators.same_session)[:_FEW]
            yield _FEW_COILS, kspace[:, chosen]


def with_transmit_shading(kspace: Tensor, deviation: float, generator: torch.Generator) -> Tensor:
    """Measured k-space (B, coils, y, x) under a new transmit field, the same for all coils.

    Tissue and sequence are unknown: the signal is taken as proportional to the flip angle, as it is at small ones.

    Args:
        kspace: fully sampled.
        deviation: largest relative deviation of the flip angle within the body, below 1.
        generator: decides the fields.
    """
    magnitude = kspace_to_image(kspace).abs().square().sum(1).sqrt()
    body = magnitude > _BRIGHT * magnitude.amax((1, 2), keepdim=True)
    return with_factor(kspace, relative_flip_angles(body, deviation, generator)[:, None])


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
