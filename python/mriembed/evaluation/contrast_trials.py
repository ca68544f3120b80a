"""Trials on contrast: the same slice by other sequence parameters, among other slices, in another session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from mriembed.evaluation.gallery import Gallery
from mriembed.evaluation.methods import Method
from mriembed.evaluation.metrics import ranks_of_relevant
from mriembed.simulation.another_session import acquire_in_another_session
from mriembed.simulation.contrast import Sequences, random_sequences
from mriembed.simulation.perturbation import ANOTHER_SESSION, ANY_PHASE, Perturbation
from mriembed.simulation.volumes import random_volume

_MATRIX, _FINE = 96, 144
_POSITIONS = (0.0, 10.0, 20.0, 30.0)  # millimetres
_SEED = 7_875_000_003  # far from the seeds of training, which are the output of a mixing function

_CHANGES: dict[str, Callable[[Sequences, torch.Generator], Sequences]] = {
    "the same sequence": lambda sequence, _: sequence,
    "parameters within 10 %": lambda sequence, generator: sequence.varied(0.1, generator),
    "parameters within 50 %": lambda sequence, generator: sequence.varied(0.5, generator),
    "another sequence": lambda sequence, generator: sequence.others(generator),
}


@dataclass(frozen=True)
class ContrastScore:
    """Where the slice of another contrast ranks among all slices of all subjects.

    Attributes:
        method: its name.
        change: of the sequence.
        queries, gallery: numbers of slices.
        first: share of the queries whose slice ranks first.
        median_rank, rank_90: of the slice, from 1; the latter is not exceeded in 90 % of the queries.
    """

    method: str
    change: str
    queries: int
    gallery: int
    first: float
    median_rank: float
    rank_90: float


def contrast_trials(
    methods: Sequence[Method], subjects: int, seed: int, on_subject: Callable[[int], None]
) -> list[ContrastScore]:
    """Simulates four slices of each subject, 10 mm apart, by one sequence for each subject.

    Queries are in another session, at the easy level. Parameters vary by a random factor each, of up to 1.1 or 1.5, up
    or down. Another sequence is of another kind.

    Args:
        methods: what is compared.
        subjects: how many.
        seed: decides the subjects.
        on_subject: called after each subject, with 1.
    """
    gallery = Gallery(methods)
    queries = {change: Gallery(methods) for change in _CHANGES}
    for subject in range(subjects):
        generator = torch.Generator().manual_seed(_SEED + 1_000_003 * seed + subject)
        volume = random_volume(torch.tensor(_POSITIONS), _FINE, generator)
        sequence = random_sequences(1, generator)
        labels = list(range(subject * len(_POSITIONS), (subject + 1) * len(_POSITIONS)))

        def acquired(by: Sequences, level: Perturbation) -> np.ndarray:
            images = volume.images(by)  # noqa: B023
            kspace = acquire_in_another_session(images, volume.heights, _MATRIX, level, generator)  # noqa: B023
            samples: np.ndarray = kspace.numpy()
            return samples

        gallery.add(acquired(sequence, Perturbation(phase=ANY_PHASE)), labels)
        for change, changed in _CHANGES.items():
            queries[change].add(acquired(changed(sequence, generator), ANOTHER_SESSION["easy"]), labels)
        on_subject(1)
    found = []
    for method in gallery.methods:
        for change, asked in queries.items():
            ranks = ranks_of_relevant(gallery.similarity(method, asked), np.array(asked.labels))
            found.append(
                ContrastScore(
                    method,
                    change,
                    len(asked.labels),
                    len(gallery.labels),
                    float((ranks == 1).mean()),
                    float(np.median(ranks)),
                    float(np.quantile(ranks, 0.9)),
                )
            )
    return found
