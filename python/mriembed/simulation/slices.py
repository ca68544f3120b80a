"""From nothing to fully sampled k-space of random slices."""

from __future__ import annotations

import torch
from torch import Tensor

from mriembed.simulation.acquisition import background_phase, image_to_kspace
from mriembed.simulation.anatomy import random_anatomy
from mriembed.simulation.coils import random_sensitivities
from mriembed.simulation.contrast import random_contrast


def simulate_images(bodies: int, slices: int, size: int, generator: torch.Generator) -> Tensor:
    """Complex images of `slices` slices of each of `bodies` bodies, each slice in a contrast of its own.

    Returns:
        (bodies * slices, 1, size, size) complex64; the mean of the squared magnitude of each is 1.
    """
    anatomy = random_anatomy(bodies, slices, size, generator)
    signal = random_contrast(anatomy.density, anatomy.t1, anatomy.t2, generator)[:, None]
    energy = signal.square().mean((1, 2, 3), keepdim=True).clamp(min=1e-12)
    return signal / energy.sqrt() * background_phase(bodies * slices, size, generator)


def simulate_kspace(images: Tensor, coils: int, generator: torch.Generator) -> Tensor:
    """Fully sampled k-space of images, (B, 1, size, size), under a coil array for each: (B, coils, size, size)."""
    return image_to_kspace(images * random_sensitivities(images.size(0), coils, images.size(-1), generator))
