"""Pairs of acquisitions of simulated slices, which share nothing but anatomy, contrast and position of the slice."""

from __future__ import annotations

import torch
from torch import Tensor

from mriembed.preprocessing import CoilPreprocessor
from mriembed.simulation.acquisition import acquire
from mriembed.simulation.coils import body_coil_sensitivities, random_sensitivities
from mriembed.simulation.perturbation import Perturbation
from mriembed.training.graded_slices import (
    GradedSlices,
    contrast_slices,
    protocol_slices,
    single_slices,
    volume_slices,
)
from mriembed.training.view import FULL, view

_MOST_COILS = 32
_BODY_COILS = 0.1  # share of the acquisitions
_FINER = 1.5  # pixels of the simulated subjects for each of the matrix: what lies between them gives Gibbs' ringing
_RESOLUTIONS = (0.5, 0.75, 1.0, 1.0, 1.25)  # of an acquisition's matrix to that of the model
_FULL = 0.75  # share of the shards whose first acquisitions are full
_FEW_COILS = 0.2  # share of the second acquisitions that few elements of a large array receive
_WEAKEST = 0.2  # of what an acquisition that is not full differs in
# Shares of the shards; the others are volumes by one sequence.
_CONTRASTS, _PROTOCOLS, _SINGLE = 0.13, 0.2, 0.2


def simulated_pairs(
    subjects: int,
    slices: int,
    preprocessor: CoilPreprocessor,
    matrix: int,
    generator: torch.Generator,
    *,
    strength: float = 1.0,
) -> tuple[Tensor, Tensor, Tensor]:
    """Network inputs of two acquisitions of each of `subjects` x `slices` slices.

    Each acquisition of a subject is a session of its own: with a background phase, an array of 1 to 32 loops or a body
    coil, a position of the subject, noise, sampling and a resolution that the other knows nothing of. Three times in
    four the first is a full one without noise, as the scans that one searches in often are. The slices of a subject in
    one session share array and phase, those of one slice do not: what belongs to a session tells no slices apart.

    Acquisitions differ by a share of what `view` allows that is drawn anew for each, up to `strength`, from 0 to 1.
    A few of the second ones are by 2 to 8 elements of a large array, which light up little of the slice.

    Returns:
        Twice (subjects * slices, 2 x num_coils, matrix, matrix), and coordinates (subjects * slices, 3) with numbers of
        subjects from 0, see `mriembed.training.losses`; on the generator's device.
    """
    device = generator.device
    finer = 2 * round(matrix * _FINER / 2)

    def chance(share: float) -> bool:
        return float(torch.rand(1, generator=generator, device=device)) < share

    def some(least: int, most: int) -> int:
        """A number of coils whose logarithm is evenly drawn: 2 to 4 are as likely as 8 to 16."""
        exponent = float(torch.rand(1, generator=generator, device=device))
        return min(most, int(least * ((most + 1) / least) ** exponent))

    def resolution() -> int:
        kind = int(torch.randint(len(_RESOLUTIONS), (1,), generator=generator, device=device))
        return min(finer, 2 * round(matrix * _RESOLUTIONS[kind] / 2))

    drawn = _slices(subjects, slices, finer, generator)

    def loops(coils: int) -> Tensor:
        return random_sensitivities(subjects, coils, resolution(), generator, heights=drawn.heights)

    def array() -> Tensor:
        if chance(_BODY_COILS):
            return body_coil_sensitivities(drawn.heights, resolution(), generator)
        return loops(some(8 if chance(0.6) else 1, _MOST_COILS))

    def elements_of_a_large_array() -> Tensor:
        whole = loops(some(16, _MOST_COILS))
        chosen = torch.randperm(whole.size(1), generator=generator, device=device)[: some(2, 8)]
        return whole[:, chosen]

    def preprocessed(sensitivities: Tensor, perturbation: Perturbation) -> Tensor:
        kspace = acquire(drawn.images, sensitivities, perturbation, generator, heights=drawn.heights)
        network_input: Tensor = preprocessor.preprocess_kspace(kspace)[0]
        return network_input

    def perturbed() -> Perturbation:
        weakest = min(_WEAKEST, strength)
        return view(weakest + (strength - weakest) * float(torch.rand(1, generator=generator, device=device)))

    first = preprocessed(loops(some(8, _MOST_COILS)), FULL) if chance(_FULL) else preprocessed(array(), perturbed())
    few = chance(_FEW_COILS * strength)
    second = preprocessed(elements_of_a_large_array() if few else array(), perturbed())
    return first, second, drawn.coordinates


def _slices(subjects: int, slices: int, size: int, generator: torch.Generator) -> GradedSlices:
    kind = float(torch.rand(1, generator=generator, device=generator.device))
    if kind < _PROTOCOLS:
        return protocol_slices(subjects, slices, size, generator)
    if kind < _PROTOCOLS + _CONTRASTS:
        return contrast_slices(subjects, slices, size, generator, phantoms=0.2)
    if kind < _PROTOCOLS + _CONTRASTS + _SINGLE:
        return single_slices(subjects, slices, size, generator, phantoms=0.2)
    return volume_slices(subjects, slices, size, generator, phantoms=0.2)
