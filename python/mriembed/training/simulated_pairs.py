"""Pairs of acquisitions of simulated slices, which share nothing but anatomy, contrast and position of the slice."""

from __future__ import annotations

from dataclasses import dataclass

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
    finer = 2 * round(matrix * _FINER / 2)
    drawn = _slices(subjects, slices, finer, generator)
    choices = _Choices(generator)
    arrays = _Arrays(drawn.heights, matrix, finer, choices)

    def preprocessed(sensitivities: Tensor, perturbation: Perturbation) -> Tensor:
        kspace = acquire(drawn.images, sensitivities, perturbation, generator, heights=drawn.heights)
        network_input: Tensor = preprocessor.preprocess_kspace(kspace)[0]
        return network_input

    if choices.chance(_FULL):
        first = preprocessed(arrays.large_array(), FULL)
    else:
        first = preprocessed(arrays.any_array(), choices.perturbation(strength))
    few = choices.chance(_FEW_COILS * strength)
    sensitivities = arrays.elements_of_a_large_array() if few else arrays.any_array()
    second = preprocessed(sensitivities, choices.perturbation(strength))
    return first, second, drawn.coordinates


@dataclass(frozen=True)
class _Choices:
    """What differs from session to session, drawn one after the other."""

    generator: torch.Generator

    def uniform(self) -> float:
        """From 0 to 1."""
        return float(torch.rand(1, generator=self.generator, device=self.generator.device))

    def integer(self, count: int) -> int:
        """From 0 to `count` - 1."""
        return int(torch.randint(count, (1,), generator=self.generator, device=self.generator.device))

    def chance(self, share: float) -> bool:
        """True in this share of the draws."""
        return self.uniform() < share

    def coils(self, least: int, most: int) -> int:
        """A number of coils whose logarithm is evenly drawn: 2 to 4 are as likely as 8 to 16."""
        return min(most, int(least * ((most + 1) / least) ** self.uniform()))

    def perturbation(self, strength: float) -> Perturbation:
        """Of an acquisition that is not full."""
        weakest = min(_WEAKEST, strength)
        return view(weakest + (strength - weakest) * self.uniform())


@dataclass(frozen=True)
class _Arrays:
    """Sensitivities (subjects, coils, side, side) of a session, in a resolution of its own.

    Attributes:
        heights: of the slices, (subjects, slices).
        matrix: of the model. finer: of the slices' images.
    """

    heights: Tensor
    matrix: int
    finer: int
    choices: _Choices

    def large_array(self) -> Tensor:
        """8 to 32 loops."""
        return self._loops(self.choices.coils(8, _MOST_COILS))

    def any_array(self) -> Tensor:
        """A body coil, or 1 to 32 loops."""
        if self.choices.chance(_BODY_COILS):
            return body_coil_sensitivities(self.heights, self._resolution(), self.choices.generator)
        return self._loops(self.choices.coils(8 if self.choices.chance(0.6) else 1, _MOST_COILS))

    def elements_of_a_large_array(self) -> Tensor:
        """2 to 8 of 16 to 32 loops."""
        whole = self._loops(self.choices.coils(16, _MOST_COILS))
        generator = self.choices.generator
        order = torch.randperm(whole.size(1), generator=generator, device=generator.device)
        return whole[:, order[: self.choices.coils(2, 8)]]

    def _loops(self, coils: int) -> Tensor:
        subjects = self.heights.size(0)
        return random_sensitivities(subjects, coils, self._resolution(), self.choices.generator, heights=self.heights)

    def _resolution(self) -> int:
        """Pixels of a side."""
        share = _RESOLUTIONS[self.choices.integer(len(_RESOLUTIONS))]
        return min(self.finer, 2 * round(self.matrix * share / 2))


def _slices(subjects: int, slices: int, size: int, generator: torch.Generator) -> GradedSlices:
    kind = float(torch.rand(1, generator=generator, device=generator.device))
    if kind < _PROTOCOLS:
        return protocol_slices(subjects, slices, size, generator)
    if kind < _PROTOCOLS + _CONTRASTS:
        return contrast_slices(subjects, slices, size, generator, phantoms=0.2)
    if kind < _PROTOCOLS + _CONTRASTS + _SINGLE:
        return single_slices(subjects, slices, size, generator, phantoms=0.2)
    return volume_slices(subjects, slices, size, generator, phantoms=0.2)
