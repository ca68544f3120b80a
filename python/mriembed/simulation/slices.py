"""From nothing to images and k-space of random slices."""

from __future__ import annotations

import torch
from torch import Tensor

from mriembed.simulation.acquisition import acquire
from mriembed.simulation.anatomy import random_anatomy
from mriembed.simulation.coils import random_sensitivities
from mriembed.simulation.contrast import random_contrast
from mriembed.simulation.excitation import random_excitation
from mriembed.simulation.perturbation import ANOTHER_SESSION, Perturbation

# Slices of a subject that count as different are at least so far apart: nearer ones are one slice to a scan, whatever
# excites them. In millimetres, and in units of half of a field of view of 260 mm.
LEAST_MILLIMETRES = 4.0
LEAST_SPACING = LEAST_MILLIMETRES / 130.0


def simulate_images(
    subjects: int,
    slices: int,
    size: int,
    generator: torch.Generator,
    *,
    phantoms: float = 0.2,
    selective: float = 0.3,
    variants: float = 0.0,
    apart: float = 0.0,
) -> Tensor:
    """`slices` slices of each of `subjects` subjects before any acquisition, each with an excitation of its own.

    The slices of a subject have one contrast, or each has its own, as it comes.

    Args:
        subjects, slices: their product is the batch.
        size: pixels of a side.
        generator: its device is where the work is done; the same state gives the same result.
        phantoms: share of the subjects that are phantoms.
        selective: share of the slices with a slab or a band.
        variants: share of the subjects of which all slices are one and the same, by variants of one protocol: only
            pulses differ.
        apart: the slices of the other subjects lie at least so far from each other, in units of half of the field of
            view.

    Returns:
        (subjects * slices, 1, size, size) complex64 without a background phase; the mean of the squared magnitude of
        each is 1. The slices of a subject follow each other.
    """
    of_one = torch.rand(subjects, generator=generator, device=generator.device) < variants if variants > 0 else None
    anatomy = random_anatomy(subjects, slices, size, generator, phantoms=phantoms, variants=of_one, apart=apart)
    signal = random_contrast(anatomy.density, anatomy.t1, anatomy.t2, slices, generator, variants=of_one)
    excitation = random_excitation(subjects, slices, size, generator, selective=selective, variants=of_one)
    return of_unit_energy(signal * excitation)


def of_unit_energy(signal: Tensor) -> Tensor:
    """Signal (B, y, x) as images (B, 1, y, x) whose mean squared magnitude is 1."""
    energy = signal.abs().square().mean((1, 2), keepdim=True).clamp(min=1e-12)
    return (signal / energy.sqrt())[:, None]


def simulate_kspace(images: Tensor, coils: int, generator: torch.Generator) -> Tensor:
    """Fully sampled k-space of images, (B, 1, size, size), under a coil array and a background phase for each.

    Returns:
        (B, coils, size, size) complex64.
    """
    sensitivities = random_sensitivities(images.size(0), coils, images.size(-1), generator)
    return acquire(images, sensitivities, Perturbation(phase=ANOTHER_SESSION["medium"].phase), generator)
