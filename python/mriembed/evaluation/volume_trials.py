"""Trials on simulated volumes: whether the exact slice is found, and how distances grow with what differs.

Slices lie at known positions, and are looked for in another session at the medium level: another array, background
phase and position of the subject, up to half a millimetre beside the slice's place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray

from mriembed.distances import Distances, KindOfPair
from mriembed.evaluation.gallery import Gallery
from mriembed.evaluation.methods import Method
from mriembed.evaluation.metrics import best_threshold, overlap, spearman
from mriembed.simulation.acquisition import reacquire
from mriembed.simulation.another_session import acquire_in_another_session
from mriembed.simulation.contrast import random_sequences
from mriembed.simulation.perturbation import ANOTHER_SESSION, ANY_PHASE, SAME_SESSION, Perturbation
from mriembed.simulation.volumes import random_volume

_MATRIX, _FINE = 96, 144
_LENGTH = 40  # millimetres; the gallery has a slice at each
_QUERY_STEP, _SAME_STEP = 2, 4  # millimetres
_BESIDE = 0.5  # millimetres
_SPACINGS = (1, 2, 4, 10)  # millimetres
_NEIGHBOUR_SPACING = 4
_FARTHEST_OFFSET = 20  # millimetres
_NEIGHBOUR, _OTHER_SLICE = 5, 20  # millimetres
_SEED = 7_750_000_003  # far from the seeds of training, which are the output of a mixing function


@dataclass(frozen=True)
class VolumeScore:
    """How one method tells slices of volumes.

    Attributes:
        method: its name.
        subjects, queries: how many.
        spacing: of the gallery's slices, in millimetres.
        exact: for each spacing, share of the queries at such positions whose nearest slice of all subjects is the exact
            one.
        neighbour_is_nearest: share of the queries at 4 mm whose nearest other slice is next to the exact one.
        spearman: rank correlation of distance with slice offset, from 1 to 20 mm, in a subject; mean over subjects.
    """

    method: str
    subjects: int
    queries: int
    spacing: list[int]
    exact: list[float]
    neighbour_is_nearest: float
    spearman: float


@dataclass(frozen=True)
class DistanceClass:
    """Distances (1 - similarity) of one kind of pair.

    Attributes:
        name: what the two acquisitions show.
        count: number of pairs.
        median: of the distances. deciles: from 10 % to 90 %.
        overlap: with the class before: the smallest error rate of one threshold between the two, which count equally.
            None for the first, and for classes outside of the order.
        below_threshold: share that lies below the ordering's threshold.
    """

    name: str
    count: int
    median: float
    deciles: list[float]
    overlap: float | None
    below_threshold: float


@dataclass(frozen=True)
class Ordering:
    """Distance classes of one method, in the order in which medians should grow; others follow.

    Attributes:
        method: its name.
        classes: same session, another session, neighbouring slice, other slice of the body, other body.
        others: neighbouring slice in the same session, which is not part of the order.
        is_ordered: whether the medians grow strictly.
        threshold: the distance that best tells the same slice in another session from other slices of the subject, from
            20 mm on; the errors of both count equally.
    """

    method: str
    classes: list[DistanceClass]
    others: list[DistanceClass]
    is_ordered: bool
    threshold: float

    def as_distances(self, source: str) -> Distances:
        """What a model file says of its distances."""
        kinds = tuple(KindOfPair(each.name, tuple(each.deciles), each.below_threshold) for each in self.classes)
        return Distances(kinds, self.threshold, source)


@dataclass(frozen=True)
class Places:
    """Body and position, in millimetres, of acquisitions."""

    subject: NDArray[np.intp]
    position: NDArray[np.intp]


def volume_trials(
    methods: Sequence[Method], subjects: int, seed: int, on_subject: Callable[[int], None]
) -> tuple[list[VolumeScore], list[Ordering]]:
    """Simulates volumes of 40 mm, a slice each millimetre, and looks for every second one in another session.

    Args:
        methods: what is compared.
        subjects: how many; at least 2.
        seed: decides the subjects.
        on_subject: called after each subject, with 1.
    """
    gallery, another, same = (Gallery(methods) for _ in range(3))
    held = torch.arange(_LENGTH + 1.0)
    asked = torch.arange(0.0, _LENGTH + 1, _QUERY_STEP)
    for subject in range(subjects):
        generator = torch.Generator().manual_seed(_SEED + 1_000_003 * seed + subject)
        beside = _BESIDE * (2 * float(torch.rand(1, generator=generator)) - 1)
        volume = random_volume(torch.cat([held, asked + beside]), _FINE, generator)
        images = volume.images(random_sequences(1, generator))
        first, second = (part for part in (slice(len(held)), slice(len(held), None)))
        session = Perturbation(phase=ANY_PHASE)
        kspace = acquire_in_another_session(images[first], volume.heights[:, first], _MATRIX, session, generator)
        gallery.add(kspace.numpy(), [subject] * len(held))
        again = acquire_in_another_session(
            images[second], volume.heights[:, second], _MATRIX, ANOTHER_SESSION["medium"], generator
        )
        another.add(again.numpy(), [subject] * len(asked))
        repeated = reacquire(kspace[::_SAME_STEP], SAME_SESSION["medium"], generator)
        same.add(repeated.numpy(), [subject] * len(repeated))
        on_subject(1)

    def places(step: int) -> Places:
        position = np.arange(0, _LENGTH + 1, step)
        return Places(np.repeat(np.arange(subjects), len(position)), np.tile(position, subjects))

    volume_scores, orderings = [], []
    own = np.flatnonzero(places(1).position % 10 == 0)
    for method in gallery.methods:
        distance = 1 - gallery.similarity(method, another)
        volume_scores.append(volume_score(method, distance, places(_QUERY_STEP), places(1)))
        repeated_distance = 1 - gallery.similarity(method, same)
        own_distance = 1 - gallery.similarity(method, gallery, own)
        orderings.append(
            _ordering(
                method,
                by_kind(distance, places(_QUERY_STEP), places(1)),
                by_kind(repeated_distance, places(_SAME_STEP), places(1)),
                by_kind(own_distance, places(10), places(1)),
            )
        )
    return volume_scores, orderings


def volume_score(method: str, distance: NDArray[np.float32], asked: Places, held: Places) -> VolumeScore:
    """From distances (queries, gallery)."""
    subjects = int(held.subject.max()) + 1
    exact = []
    for spacing in _SPACINGS:
        queries = np.flatnonzero(asked.position % spacing == 0)
        slices = np.flatnonzero(held.position % spacing == 0)
        nearest = slices[distance[np.ix_(queries, slices)].argmin(1)]
        hit = (held.subject[nearest] == asked.subject[queries]) & (held.position[nearest] == asked.position[queries])
        exact.append(float(hit.mean()))
    queries = np.flatnonzero(asked.position % _NEIGHBOUR_SPACING == 0)
    slices = np.flatnonzero(held.position % _NEIGHBOUR_SPACING == 0)
    others = distance[np.ix_(queries, slices)].copy()
    same_subject = asked.subject[queries][:, None] == held.subject[slices]
    offset = np.abs(asked.position[queries][:, None] - held.position[slices])
    others[same_subject & (offset == 0)] = np.inf
    nearest = others.argmin(1)
    row = np.arange(len(queries))
    neighbour = same_subject[row, nearest] & (offset[row, nearest] == _NEIGHBOUR_SPACING)
    correlations = []
    for subject in range(subjects):
        part = distance[np.ix_(asked.subject == subject, held.subject == subject)]
        apart = np.abs(asked.position[asked.subject == subject][:, None] - held.position[held.subject == subject])
        used = (apart > 0) & (apart <= _FARTHEST_OFFSET)
        correlations.append(spearman(part[used], apart[used]))
    return VolumeScore(
        method, subjects, len(distance), list(_SPACINGS), exact, float(neighbour.mean()), float(np.mean(correlations))
    )


def by_kind(distance: NDArray[np.float32], asked: Places, held: Places) -> dict[str, NDArray[np.float32]]:
    """Distances (queries, gallery) of the exact slice, neighbours, other slices of the subject, and other subjects."""
    same_subject = asked.subject[:, None] == held.subject
    offset = np.abs(asked.position[:, None] - held.position)
    return {
        "exact": distance[same_subject & (offset == 0)],
        "neighbour": distance[same_subject & (offset == _NEIGHBOUR)],
        "other slice": distance[same_subject & (offset >= _OTHER_SLICE)],
        "other body": distance[~same_subject],
    }


def _ordering(
    method: str,
    another: dict[str, NDArray[np.float32]],
    same: dict[str, NDArray[np.float32]],
    own: dict[str, NDArray[np.float32]],
) -> Ordering:
    """From distances in another session, in the same one, and within the gallery's own session."""
    order = {
        "same slice, same session": same["exact"],
        "same slice, another session": another["exact"],
        f"neighbouring slice ({_NEIGHBOUR} mm), another session": another["neighbour"],
        f"other slice of the body (from {_OTHER_SLICE} mm), another session": another["other slice"],
        "other body, another session": another["other body"],
    }
    threshold = best_threshold(another["exact"], another["other slice"])
    classes: list[DistanceClass] = []
    before: NDArray[np.float32] | None = None
    for name, distances in order.items():
        classes.append(_class(name, distances, None if before is None else overlap(before, distances), threshold))
        before = distances
    medians = [each.median for each in classes]
    others = [_class(f"neighbouring slice ({_NEIGHBOUR} mm), same session", own["neighbour"], None, threshold)]
    return Ordering(method, classes, others, all(a < b for a, b in pairwise(medians)), threshold)


def _class(name: str, distances: NDArray[np.float32], overlapping: float | None, threshold: float) -> DistanceClass:
    deciles = [float(value) for value in np.quantile(distances, np.arange(1, 10) / 10)]
    below = float((distances <= threshold).mean())
    return DistanceClass(name, len(distances), deciles[4], deciles, overlapping, below)
