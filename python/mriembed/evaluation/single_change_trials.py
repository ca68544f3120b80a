"""Trials of one change at a time that the scanner or the patient's position makes between two scans of a slice.

- tilt: the plane is tilted about the slice's middle. The subject alone tilts: array, background phase and shading stay.
- transmit field: a new smooth field changes the flip angles of all pulses. The sequence's signal equation gives the
  signal of each tissue.
- ghost: every other line has a phase error.

Receivers, array and background phase of the gallery are kept, and there is no noise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from mriembed.evaluation.gallery import Gallery, Score, scores
from mriembed.evaluation.methods import Method
from mriembed.simulation.acquisition import acquire
from mriembed.simulation.background_phase import random_background_phase
from mriembed.simulation.coils import random_sensitivities
from mriembed.simulation.contrast import random_sequences
from mriembed.simulation.excitation import relative_flip_angles
from mriembed.simulation.ghost import with_ghost
from mriembed.simulation.perturbation import ANY_PHASE, GHOST, TILT, TRANSMIT_DEVIATION, Perturbation
from mriembed.simulation.planes import tilted_directions
from mriembed.simulation.slices import LEAST_MILLIMETRES
from mriembed.simulation.volumes import random_volume

_MATRIX, _FINE = 96, 144
_SLICES = 4  # of a subject
_LARGEST_GAP = 16.0  # millimetres
_FEWEST_COILS, _MOST_COILS = 8, 32
_TISSUE = 0.1  # proton density from which a pixel counts as body
_SEED = 7_625_000_003  # far from the seeds of training, which are the output of a mixing function


def single_change_trials(
    methods: Sequence[Method], count: int, seed: int, on_subject: Callable[[int], None]
) -> list[Score]:
    """Finding each of `count` slices again after a tilt, under a new transmit field and with a ghost, at three levels.

    Bodies are coherent volumes of four slices, 4 to 16 mm apart, by one sequence, in one session, with 8 to 32 coils.

    Args:
        methods: what is compared.
        count: number of slices, in the gallery and in each trial.
        seed: decides the slices.
        on_subject: called after each subject, with the number of its slices.
    """
    gallery = Gallery(methods)
    levels = {"tilt": TILT, "transmit field": TRANSMIT_DEVIATION, "ghost": GHOST}
    trials = {
        f"simulated, {change} alone, {level}": Gallery(methods) for change, named in levels.items() for level in named
    }
    for first in range(0, count, _SLICES):
        generator = torch.Generator().manual_seed(_SEED + 1_000_003 * seed + first)
        labels = list(range(first, min(first + _SLICES, count)))
        kspace, changed = body_with_changes(generator)
        gallery.add(kspace[: len(labels)].numpy(), labels)
        for name, again in changed.items():
            trials[f"simulated, {name}"].add(again[: len(labels)].numpy(), labels)
        on_subject(len(labels))
    return [score for trial, queries in trials.items() for score in scores(trial, gallery, queries)]


def body_with_changes(
    generator: torch.Generator,
    tilts: dict[str, float] = TILT,
    deviations: dict[str, float] = TRANSMIT_DEVIATION,
    ghosts: dict[str, float] = GHOST,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Four slices of a random subject, and each of them after one change.

    Args:
        generator: decides the subject, its session and the changes.
        tilts, deviations, ghosts: strengths of the changes by the names of levels, see `perturbation`.

    Returns:
        k-space (4, coils, 96, 96) complex64, fully sampled and without noise; and the same for each change and level,
        by names such as "tilt alone, easy".
    """
    gaps = LEAST_MILLIMETRES * (_LARGEST_GAP / LEAST_MILLIMETRES) ** torch.rand(_SLICES - 1, generator=generator)
    positions = torch.cat([torch.zeros(1), gaps.cumsum(0)])
    about_y = torch.rand(_SLICES, generator=generator) < 0.5
    sign = 2.0 * torch.randint(2, (_SLICES,), generator=generator) - 1
    angles = torch.deg2rad(torch.tensor([0.0, *tilts.values()]))[:, None] * sign
    times = len(angles)  # of each slice: as it is, and tilted
    volume = random_volume(
        positions.repeat(times), _FINE, generator, directions=tilted_directions(angles, about_y).flatten(0, 1)
    )
    sequences = random_sequences(1, generator)
    flat = volume.part(slice(_SLICES))
    coils = int(torch.randint(_FEWEST_COILS, _MOST_COILS + 1, (1,), generator=generator))
    array = random_sensitivities(1, coils, _MATRIX, generator, heights=flat.heights)
    phase = random_background_phase(flat.heights, _FINE, _FINE, ANY_PHASE, generator)
    receivers = int(torch.randint(2**31, (1,), generator=generator))

    def acquired(images: Tensor) -> Tensor:
        return acquire(images * phase, array, Perturbation(), torch.Generator().manual_seed(receivers))

    as_it_is, *tilted = volume.images(sequences).reshape(times, _SLICES, 1, _FINE, _FINE).unbind()
    kspace = acquired(as_it_is)
    changed = {f"tilt alone, {level}": acquired(images) for level, images in zip(tilts, tilted, strict=True)}
    for level, deviation in deviations.items():
        flip_angles = relative_flip_angles(flat.anatomy.density > _TISSUE, deviation, generator)
        changed[f"transmit field alone, {level}"] = acquired(flat.images(sequences, flip_angles))
    for level, strength in ghosts.items():
        changed[f"ghost alone, {level}"] = with_ghost(kspace, strength, generator)
    return kspace, changed
