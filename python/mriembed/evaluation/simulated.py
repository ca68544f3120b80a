"""Trials on simulated slices that no training has seen: the three levels, variants of a protocol, and curves of one
perturbation at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mriembed.evaluation.gallery import Gallery, Score, scores
from mriembed.evaluation.methods import Method
from mriembed.simulation.acquisition import acquire, reacquire
from mriembed.simulation.coils import random_sensitivities
from mriembed.simulation.perturbation import SAME_SESSION, Perturbation
from mriembed.simulation.slices import simulate_images

_MATRIX = 96
_FINE = 144
_BODIES, _SLICES = 5, 4  # of one array
_FEWEST_COILS, _MOST_COILS = 8, 32
_CURVE_COILS = 16
_VARIANTS, _VARIANTS_MATRIX, _VARIANTS_COILS, _FEW = 6, 64, 32, 4
# Far from the seeds of training, which are the output of a mixing function.
_SEED = 7_000_000_000


@dataclass(frozen=True)
class Curve:
    """Recall at 1 of each method as one perturbation grows."""

    perturbation: str
    unit: str
    values: list[float]
    recall_at_1: dict[str, list[float]]


def simulated_kspace(count: int, seed: int) -> Iterator[tuple[Tensor, list[int]]]:
    """Fully sampled k-space of `count` slices and their labels, in batches of one array of 8 to 32 coils each."""
    per_batch = _BODIES * _SLICES
    for batch in range(0, count, per_batch):
        generator = torch.Generator().manual_seed(_SEED + 1_000_003 * seed + batch)
        images = simulate_images(_BODIES, _SLICES, _FINE, generator)
        coils = int(torch.randint(_FEWEST_COILS, _MOST_COILS + 1, (1,), generator=generator))
        kspace = _kspace(images, coils, generator)
        kept = min(per_batch, count - batch)
        yield kspace[:kept], list(range(batch, batch + kept))


def simulated_trials(
    methods: Sequence[Method], count: int, seed: int, on_batch: Callable[[int], None]
) -> tuple[list[Score], Gallery, Gallery]:
    """Finding each of `count` slices again, at each level.

    Args:
        methods: what is compared.
        count: number of slices, in the gallery and at each level.
        seed: decides the slices.
        on_batch: called with the number of slices done since the last call.

    Returns:
        Scores, the gallery, and the acquisitions at the medium level.
    """
    gallery = Gallery(methods)
    again = {name: Gallery(methods) for name in SAME_SESSION}
    generator = torch.Generator().manual_seed(_SEED - 1 - seed)
    for kspace, labels in simulated_kspace(count, seed):
        gallery.add(kspace.numpy(), labels)
        for name, level in SAME_SESSION.items():
            again[name].add(reacquire(kspace, level, generator).numpy(), labels)
        on_batch(len(labels))
    found = [score for name in SAME_SESSION for score in scores(f"simulated, {name}", gallery, again[name])]
    return found, gallery, again["medium"]


def variants_trials(methods: Sequence[Method], count: int, seed: int, on_batch: Callable[[int], None]) -> list[Score]:
    """Finding each of about `count` slices of phantoms again, where others differ from it in little.

    Each phantom is scanned by six variants of one protocol, with 32 coils and a matrix of 64, as one does to measure
    slice profiles, and looked for at the medium level and by any four coils. Nothing that is simulated differs in less:
    only in the pulse.

    Args:
        methods, seed, on_batch: as of `simulated_trials`.
        count: number of slices; rounded up to whole phantoms.
    """
    gallery, again, few = (Gallery(methods) for _ in range(3))
    for first in range(0, count, _VARIANTS):
        generator = torch.Generator().manual_seed(_SEED + 250_000_003 + 1_000_003 * seed + first)
        images = simulate_images(1, _VARIANTS, _FINE, generator, phantoms=1.0, variants=1.0)
        array = random_sensitivities(1, _VARIANTS_COILS, _VARIANTS_MATRIX, generator)
        kspace = acquire(images, array, Perturbation(), generator)
        labels = list(range(first, first + _VARIANTS))
        gallery.add(kspace.numpy(), labels)
        again.add(reacquire(kspace, SAME_SESSION["medium"], generator).numpy(), labels)
        few.add(_with_coils(_FEW)(kspace, generator).numpy(), labels)
        on_batch(min(_VARIANTS, count - first))
    found = scores("simulated variants, medium", gallery, again)
    return found + scores(f"simulated variants, any {_FEW} coils", gallery, few)


def robustness_curves(methods: Sequence[Method], count: int, seed: int, on_batch: Callable[[int], None]) -> list[Curve]:
    """Recall at 1 among `count` simulated slices of 16 coils as one perturbation grows, everything else as it was."""
    grown: dict[tuple[str, str], list[tuple[float, Callable[[Tensor, torch.Generator], Tensor]]]] = {
        ("noise", "up to this share of the signal"): [
            (value, _again(Perturbation(noise=value))) for value in (0.0, 0.05, 0.1, 0.2, 0.4)
        ],
        ("undersampling", "up to this factor"): [
            (value, _again(Perturbation(undersampling=value))) for value in (1.0, 1.5, 2.0, 3.0, 4.0)
        ],
        ("coils", f"left of {_CURVE_COILS}"): [
            (value, _with_coils(int(value))) for value in (16.0, 8.0, 4.0, 2.0, 1.0)
        ],
        ("matrix", f"of {_MATRIX} pixels a side"): [
            (value, _with_matrix(int(value))) for value in (96.0, 80.0, 64.0, 48.0, 32.0)
        ],
        ("rotation", "up to degrees"): [
            (value, _again(Perturbation(rotation=value))) for value in (0.0, 5.0, 10.0, 20.0, 30.0)
        ],
    }
    gallery = Gallery(methods)
    again = {(name, value): Gallery(methods) for (name, _), steps in grown.items() for value, _ in steps}
    per_batch = _BODIES * _SLICES
    for batch in range(0, count, per_batch):
        generator = torch.Generator().manual_seed(_SEED + 500_000_003 + 1_000_003 * seed + batch)
        images = simulate_images(_BODIES, _SLICES, _FINE, generator)
        kspace = _kspace(images, _CURVE_COILS, generator)
        labels = list(range(batch, batch + per_batch))
        gallery.add(kspace.numpy(), labels)
        for (name, _), steps in grown.items():
            for value, perturbed in steps:
                again[name, value].add(perturbed(kspace, generator).numpy(), labels)
        on_batch(per_batch)
    curves = []
    for (name, unit), steps in grown.items():
        values = [value for value, _ in steps]
        recalls: dict[str, list[float]] = {method.name: [] for method in methods}
        for value in values:
            for score in scores(name, gallery, again[name, value]):
                recalls[score.method].append(score.recall_at_1)
        curves.append(Curve(name, unit, values, recalls))
    return curves


def example_kspace(count: int) -> Iterator[NDArray[np.complex64]]:
    """Simulated slices that neither training nor a trial sees, for baselines that are fitted, in batches."""
    for kspace, _ in simulated_kspace(count, seed=900_001):
        yield kspace.numpy()


def _kspace(images: Tensor, coils: int, generator: torch.Generator) -> Tensor:
    arrays = random_sensitivities(_BODIES, coils, _MATRIX, generator)
    return acquire(images, arrays, Perturbation(), generator)


def _again(perturbation: Perturbation) -> Callable[[Tensor, torch.Generator], Tensor]:
    return lambda kspace, generator: reacquire(kspace, perturbation, generator)


def _with_coils(count: int) -> Callable[[Tensor, torch.Generator], Tensor]:
    # The coils that stay are random ones: their order is.
    return lambda kspace, generator: reacquire(kspace, Perturbation(), generator)[:, :count]


def _with_matrix(side: int) -> Callable[[Tensor, torch.Generator], Tensor]:
    """The same field of view with fewer pixels: the middle of k-space."""
    first = _MATRIX // 2 - side // 2
    middle = slice(first, first + side)
    return lambda kspace, generator: reacquire(kspace, Perturbation(), generator)[:, :, middle, middle]
