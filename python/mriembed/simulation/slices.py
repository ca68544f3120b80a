"""From nothing to images and k-space of random slices."""

from __future__ import annotations

import torch
from torch import Tensor

from mriembed.simulation.acquisition import acquire, background_phase
from mriembed.simulation.anatomy import random_anatomy
from mriembed.simulation.coils import random_sensitivities
from mriembed.simulation.contrast import random_contrast
from mriembed.simulation.perturbation import Perturbation
from mriembed.simulation.excitation import random_excitation


def simulate_images(
    bodies: int,
    slices: int,
    size: int,
    generator: torch.Generator,
    *,
    phantoms: float = 0.2,
    selective: float = 0.3,
    variants: float = 0.0,
) -> Tensor:
    """Complex images of `slices` slices of each of `bodies` bodies, each slice with an excitation of its own.

    The slices of a body have one contrast, or each has its own, as it comes. `phantoms` is the share of the bodies that
    are phantoms, `selective` that of the slices with a slab or a band. `variants` is the share of the bodies of which
    all slices are one and the same, by variants of one protocol: only pulses differ. These have one background phase,
    every other slice has its own.

    Returns:
        (bodies * slices, 1, size, size) complex64; the mean of the squared magnitude of each is 1. The slices of a
        body follow each other.
    """
    of_one = torch.rand(bodies, generator=generator, device=generator.device) < variants if variants > 0 else None
    anatomy = random_anatomy(bodies, slices, size, generator, phantoms=phantoms, variants=of_one)
    signal = random_contrast(anatomy.density, anatomy.t1, anatomy.t2, slices, generator, variants=of_one)
    excitation = random_excitation(bodies, slices, size, generator, selective=selective, variants=of_one)
    signal = (signal * excitation)[:, None]
    energy = signal.abs().square().mean((1, 2, 3), keepdim=True).clamp(min=1e-12)
    phase = background_phase(bodies * slices, size, generator)
    if of_one is not None:
        by_body = phase.view(bodies, slices, *phase.shape[1:])
        phase = torch.where(of_one[:, None, None, None, None], by_body[:, :1], by_body).flatten(0, 1)
    return signal / energy.sqrt() * phase


def simulate_kspace(images: Tensor, coils: int, generator: torch.Generator) -> Tensor:
    """Fully sampled k-space of images, (B, 1, size, size), under a coil array for each: (B, coils, size, size)."""
    sensitivities = random_sensitivities(images.size(0), coils, images.size(-1), generator)
    return acquire(images, sensitivities, Perturbation(), generator)
