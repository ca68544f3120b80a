"""Pairs of acquisitions of simulated slices."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mriembed.preprocessing import CoilPreprocessor
from mriembed.simulation.acquisition import acquire
from mriembed.simulation.background_phase import smooth_phase
from mriembed.simulation.coils import random_sensitivities
from mriembed.simulation.perturbation import Perturbation
from mriembed.simulation.slices import SimulatedSlices, simulate_slices
from mriembed.training.recipe import VIEW

_MOST_COILS = 32
_FINER = 1.5  # pixels of the simulated bodies for each of the matrix: what lies between them gives Gibbs' ringing
_RESOLUTIONS = (0.5, 0.75, 1.0, 1.0, 1.25)  # of an acquisition's matrix to that of the contract


def simulated_pairs(
    bodies: int,
    slices: int,
    preprocessor: CoilPreprocessor,
    matrix: int,
    generator: torch.Generator,
    *,
    few_coils: bool = False,
    alike: bool = False,
) -> tuple[Tensor, Tensor]:
    """Stacked channels of two acquisitions of each of `bodies` x `slices` slices.

    The second acquisition is by another array, or by some elements of the first one's; one time in two the first is a
    full, unperturbed one, as the scans that one searches in often are. With `few_coils` most arrays are large, and most
    second acquisitions are by a half to an eighth of the first one's elements, which light up little of the slice; one
    in four of the second ones is unperturbed, too, so that the array alone hides what tells slices apart. With `alike`
    half of the bodies are phantoms, most slices have slabs or bands, and of two bodies in five all slices are one, by
    variants of a protocol: they differ in little. Both acquisitions of a slice have one background phase.

    Returns:
        Twice (bodies * slices, 2 x num_coils, matrix, matrix), on the generator's device.
    """
    device = generator.device
    finer = 2 * round(matrix * _FINER / 2)
    kinds = {"phantoms": 0.5, "selective": 0.6, "variants": 0.4} if alike else {}
    images = with_shared_phase(simulate_slices(bodies, slices, finer, generator, **kinds), slices, generator)

    def chance(share: float) -> bool:
        return float(torch.rand(1, generator=generator, device=device)) < share

    def some(least: int, most: int) -> int:
        """A number of coils whose logarithm is evenly drawn: 2 to 4 are as likely as 8 to 16."""
        exponent = float(torch.rand(1, generator=generator, device=device))
        return min(most, int(least * ((most + 1) / least) ** exponent))

    def array(coils: int) -> Tensor:
        kind = int(torch.randint(len(_RESOLUTIONS), (1,), generator=generator, device=device))
        size = min(finer, 2 * round(matrix * _RESOLUTIONS[kind] / 2))
        return random_sensitivities(bodies, coils, size, generator)

    def prepared(sensitivities: Tensor, perturbation: Perturbation) -> Tensor:
        kspace = acquire(images, sensitivities, perturbation, generator)
        stacked: Tensor = preprocessor.prepare_kspace(kspace)[0]
        return stacked

    least, share = (16, 0.75) if few_coils else (8, 0.5)
    first = array(some(least if chance(share) else 1, _MOST_COILS))
    coils = first.size(1)
    if coils >= 2 and chance(0.85 if few_coils else 0.6):
        kept = some(math.ceil(coils / 8), math.ceil(coils / 2) if few_coils else coils)
        order = torch.rand(bodies, coils, generator=generator, device=device).argsort(1)[:, :kept]
        second = first[torch.arange(bodies, device=device)[:, None], order]
    else:
        second = array(some(1, _MOST_COILS))
    nothing = Perturbation()
    perturbations = nothing if chance(0.5) else VIEW, nothing if few_coils and chance(0.25) else VIEW
    return prepared(first, perturbations[0]), prepared(second, perturbations[1])


def with_shared_phase(drawn: SimulatedSlices, slices: int, generator: torch.Generator) -> Tensor:
    """Images with a background phase for each slice, or one for all variants of a slice."""
    images = drawn.images
    phase = smooth_phase(images.size(0), images.size(-1), generator)
    if drawn.variants is not None:
        by_body = phase.reshape(-1, slices, *phase.shape[1:])
        phase = torch.where(drawn.variants[:, None, None, None, None], by_body[:, :1], by_body).flatten(0, 1)
    return images * phase
