"""Trials on simulated slices that no training has seen.

Another session and the same one at three levels, phase and array alone, variants of a protocol, and curves of one
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
from mriembed.simulation.acquisition import acquire, reacquire, with_factor
from mriembed.simulation.another_session import acquire_in_another_session, random_array
from mriembed.simulation.background_phase import PhaseLimits, random_background_phase
from mriembed.simulation.coils import random_sensitivities
from mriembed.simulation.perturbation import ANOTHER_SESSION, ANY_PHASE, SAME_SESSION, Perturbation
from mriembed.simulation.slices import LEAST_SPACING, simulate_images

_MATRIX = 96
_FINE = 144
_SUBJECTS, _SLICES = 5, 4  # of one array
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


@dataclass(frozen=True)
class SimulatedBatch:
    """Slices, and an acquisition of each that a gallery holds.

    Attributes:
        images: (slices, 1, 144, 144) complex64, without a background phase. The slices of a subject follow each other
            and are at least 4 mm apart.
        phase: (slices, 1, 144, 144), background phases of the acquisitions, unit factors.
        sensitivities: (slices, coils, 96, 96), of the acquisitions; one array for each subject.
        kspace: (slices, coils, 96, 96), fully sampled, without noise.
        labels: numbers of the slices.
    """

    images: Tensor
    phase: Tensor
    sensitivities: Tensor
    kspace: Tensor
    labels: list[int]


def simulated_batches(count: int, seed: int) -> Iterator[SimulatedBatch]:
    """`count` slices in batches of one number of coils, 8 to 32. Each slice has a session, each subject an array."""
    per_batch = _SUBJECTS * _SLICES
    for batch in range(0, count, per_batch):
        generator = torch.Generator().manual_seed(_SEED + 1_000_003 * seed + batch)
        images = simulate_images(_SUBJECTS, _SLICES, _FINE, generator, apart=LEAST_SPACING)
        coils = int(torch.randint(_FEWEST_COILS, _MOST_COILS + 1, (1,), generator=generator))
        arrays = random_sensitivities(_SUBJECTS, coils, _MATRIX, generator).repeat_interleave(_SLICES, 0)
        phase = random_background_phase(torch.zeros(per_batch, 1), _FINE, _FINE, ANY_PHASE, generator)
        kspace = acquire(images * phase, arrays, Perturbation(), generator)
        kept = min(per_batch, count - batch)
        yield SimulatedBatch(
            images[:kept], phase[:kept], arrays[:kept], kspace[:kept], list(range(batch, batch + kept))
        )


def simulated_kspace(count: int, seed: int) -> Iterator[tuple[Tensor, list[int]]]:
    """Fully sampled k-space of `count` slices and their labels, as of `simulated_batches`."""
    for batch in simulated_batches(count, seed):
        yield batch.kspace, batch.labels


def simulated_trials(
    methods: Sequence[Method], count: int, seed: int, on_batch: Callable[[int], None]
) -> tuple[list[Score], Gallery, Gallery]:
    """Finding each of `count` slices again: in another session, by another phase or array alone, in the same session.

    Args:
        methods: what is compared.
        count: number of slices, in the gallery and in each trial.
        seed: decides the slices.
        on_batch: called with the number of slices done since the last call.

    Returns:
        Scores, the gallery, and the acquisitions in another session at the medium level.
    """
    gallery = Gallery(methods)
    trials = {f"simulated, another session, {name}": Gallery(methods) for name in ANOTHER_SESSION}
    trials |= {f"simulated, {what} alone": Gallery(methods) for what in ("phase", "array")}
    trials |= {f"simulated, same session, {name}": Gallery(methods) for name in SAME_SESSION}
    same_session = torch.Generator().manual_seed(_SEED - 1 - seed)
    for batch in simulated_batches(count, seed):
        generator = torch.Generator().manual_seed(_SEED + 125_000_003 + 1_000_003 * seed + batch.labels[0])
        gallery.add(batch.kspace.numpy(), batch.labels)
        still = torch.zeros(len(batch.labels), 1)

        def add(trial: str, kspace: Tensor, labels: list[int] = batch.labels) -> None:
            trials[trial].add(kspace.numpy(), labels)

        for name, level in ANOTHER_SESSION.items():
            again = acquire_in_another_session(batch.images, still, _MATRIX, level, generator)
            add(f"simulated, another session, {name}", again)
        phase = random_background_phase(still, _MATRIX, _MATRIX, ANY_PHASE, generator)
        add("simulated, phase alone", with_factor(batch.kspace, phase))
        array = random_array(still, _MATRIX, Perturbation(), generator)
        add("simulated, array alone", acquire(batch.images * batch.phase, array, Perturbation(), generator))
        for name, level in SAME_SESSION.items():
            add(f"simulated, same session, {name}", reacquire(batch.kspace, level, same_session))
        on_batch(len(batch.labels))
    found = [score for trial, queries in trials.items() for score in scores(trial, gallery, queries)]
    return found, gallery, trials["simulated, another session, medium"]


def variants_trials(methods: Sequence[Method], count: int, seed: int, on_batch: Callable[[int], None]) -> list[Score]:
    """Finding each of about `count` slices of phantoms again, where others differ from it in little.

    Each phantom is scanned by six variants of one protocol, with 32 coils and a matrix of 64, as one does to measure
    slice profiles, and looked for at the medium level and by any four coils. Nothing that is simulated differs in less:
    only in the pulse. All is in one session: the variants share one background phase.

    Args:
        methods, seed, on_batch: as of `simulated_trials`.
        count: number of slices; rounded up to whole phantoms.
    """
    gallery, again, few = (Gallery(methods) for _ in range(3))
    for first in range(0, count, _VARIANTS):
        generator = torch.Generator().manual_seed(_SEED + 250_000_003 + 1_000_003 * seed + first)
        images = simulate_images(1, _VARIANTS, _FINE, generator, phantoms=1.0, variants=1.0)
        array = random_sensitivities(1, _VARIANTS_COILS, _VARIANTS_MATRIX, generator)
        phase = random_background_phase(torch.zeros(1, 1), _FINE, _FINE, ANY_PHASE, generator)
        kspace = acquire(images * phase, array, Perturbation(), generator)
        labels = list(range(first, first + _VARIANTS))
        gallery.add(kspace.numpy(), labels)
        again.add(reacquire(kspace, SAME_SESSION["medium"], generator).numpy(), labels)
        few.add(_with_coils(_FEW)(kspace, generator).numpy(), labels)
        on_batch(min(_VARIANTS, count - first))
    found = scores("simulated variants, same session, medium", gallery, again)
    return found + scores(f"simulated variants, same session, any {_FEW} coils", gallery, few)


def robustness_curves(methods: Sequence[Method], count: int, seed: int, on_batch: Callable[[int], None]) -> list[Curve]:
    """Recall at 1 among `count` simulated slices of 16 coils as one perturbation grows, everything else as it was."""
    grown: dict[tuple[str, str], list[tuple[float, Callable[[Tensor, torch.Generator], Tensor]]]] = {
        ("displaced k-space", "up to samples along both axes"): [
            (value, _with_displacement(value)) for value in (0.0, 1.0, 2.0, 4.0, 8.0)
        ],
        ("background phase", "of the hard level's, linear part left out"): [
            (value, _with_phase(value)) for value in (0.0, 0.125, 0.25, 0.5, 1.0)
        ],
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
    per_batch = _SUBJECTS * _SLICES
    for batch in range(0, count, per_batch):
        generator = torch.Generator().manual_seed(_SEED + 500_000_003 + 1_000_003 * seed + batch)
        images = simulate_images(_SUBJECTS, _SLICES, _FINE, generator, apart=LEAST_SPACING)
        labels = list(range(batch, min(batch + per_batch, count)))
        kspace = _kspace(images, _CURVE_COILS, generator)[: len(labels)]
        gallery.add(kspace.numpy(), labels)
        for (name, _), steps in grown.items():
            for value, perturbed in steps:
                again[name, value].add(perturbed(kspace, generator).numpy(), labels)
        on_batch(len(labels))
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
    arrays = random_sensitivities(_SUBJECTS, coils, _MATRIX, generator)
    phase = random_background_phase(torch.zeros(len(images), 1), _FINE, _FINE, ANY_PHASE, generator)
    return acquire(images * phase, arrays, Perturbation(), generator)


def _again(perturbation: Perturbation) -> Callable[[Tensor, torch.Generator], Tensor]:
    return lambda kspace, generator: reacquire(kspace, perturbation, generator)


def _with_displacement(samples: float) -> Callable[[Tensor, torch.Generator], Tensor]:
    limits = PhaseLimits(linear=samples)
    return lambda kspace, generator: reacquire(kspace, Perturbation(phase=limits), generator)


def _with_phase(share: float) -> Callable[[Tensor, torch.Generator], Tensor]:
    limits = PhaseLimits(
        quadratic=share * ANY_PHASE.quadratic,
        low_frequency=share * ANY_PHASE.low_frequency,
        susceptibility=share * ANY_PHASE.susceptibility,
    )
    return lambda kspace, generator: reacquire(kspace, Perturbation(phase=limits), generator)


def _with_coils(count: int) -> Callable[[Tensor, torch.Generator], Tensor]:
    # The coils that stay are random ones: their order is.
    return lambda kspace, generator: reacquire(kspace, Perturbation(), generator)[:, :count]


def _with_matrix(side: int) -> Callable[[Tensor, torch.Generator], Tensor]:
    """The same field of view with fewer pixels: the middle of k-space."""
    first = _MATRIX // 2 - side // 2
    middle = slice(first, first + side)
    return lambda kspace, generator: reacquire(kspace, Perturbation(), generator)[:, :, middle, middle]
