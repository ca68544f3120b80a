"""Simulated acquisitions in another session: a new array, a new background phase, all else as a level says."""

from __future__ import annotations

import torch
from torch import Tensor

from mriembed.simulation.acquisition import acquire
from mriembed.simulation.coils import body_coil_sensitivities, random_sensitivities
from mriembed.simulation.perturbation import Perturbation

_FEWEST_COILS, _MOST_COILS = 8, 32
_BODY_COILS = 2 / 3  # of the single channels; the others are loops


def random_array(heights: Tensor, matrix: int, perturbation: Perturbation, generator: torch.Generator) -> Tensor:
    """Sensitivities of new arrays: 8 to 32 loops around the body, or a single channel.

    Args:
        heights: (sessions, slices), positions of the slices of each array along their normal, in units of half of the
            field of view.
        matrix: pixels of a side at full resolution.
        perturbation: its `resolution` and `single_channel` decide matrix and channels, both drawn once for all arrays.
        generator: of the heights' device.

    Returns:
        (sessions * slices, coils, y, x) complex64, y = x the matrix that is measured.
    """
    kind, body, share = torch.rand(3, generator=generator, device=generator.device).tolist()
    coils = int(torch.randint(_FEWEST_COILS, _MOST_COILS + 1, (1,), generator=generator, device=generator.device))
    size = 2 * round((perturbation.resolution + (1 - perturbation.resolution) * share) * matrix / 2)
    if kind < perturbation.single_channel:
        if body < _BODY_COILS:
            return body_coil_sensitivities(heights, size, generator)
        coils = 1
    return random_sensitivities(len(heights), coils, size, generator, heights=heights)


def acquire_in_another_session(
    images: Tensor, heights: Tensor, matrix: int, perturbation: Perturbation, generator: torch.Generator
) -> Tensor:
    """k-space of simulated slices, each session with an array, a background phase and a position of the body.

    Args:
        images: (sessions * slices, 1, Y, X) complex64, see `acquire`.
        heights, matrix, perturbation, generator: see `random_array`.

    Returns:
        (sessions * slices, coils, y, x) complex64.
    """
    sensitivities = random_array(heights, matrix, perturbation, generator)
    return acquire(images, sensitivities, perturbation, generator, heights=heights)
