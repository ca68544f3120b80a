"""What of a slice is excited, and how strongly.

The transmit field is not uniform: in a body at 3 T it varies smoothly by some 30 % (Bernstein, King and Zhou, Handbook
of MRI Pulse Sequences, 2004, chapter 4). And sequences leave out or pick regions on purpose: saturation bands, inner
volumes, slabs, profiles of a pulse. Their edges are as steep as the pulse's bandwidth lets them be.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

_SELECTIVE = 0.3  # share of the slices with a band or a slab


def random_excitation(batch: int, size: int, generator: torch.Generator) -> Tensor:
    """Factors from 0 to about 1.3 by which the excitation scales each pixel's signal, (batch, size, size)."""
    device = generator.device

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(batch, *shape, generator=generator, device=device)

    coarse = 1 + 0.15 * uniform(-1, 1, 1, 3, 3)
    field = F.interpolate(coarse, size=(size, size), mode="bicubic", align_corners=True)[:, 0].clamp(0.7, 1.3)

    axis = (torch.arange(size, device=device) - size // 2) * (2.0 / size)
    angle = (math.pi / 2) * torch.round(uniform(0, 1)) + uniform(-0.2, 0.2)  # most lie along an axis of the image
    along = (
        torch.cos(angle)[:, None, None] * axis[None, :, None] + torch.sin(angle)[:, None, None] * axis[None, None, :]
    )
    half_width = uniform(0.1, 0.6)[:, None, None]
    edge = (0.01 * 12 ** uniform(0, 1))[:, None, None]
    slab = torch.sigmoid((half_width - (along - uniform(-0.3, 0.3)[:, None, None]).abs()) / edge)
    band = 1 - uniform(0.7, 1.0)[:, None, None] * slab
    kind = uniform(0, 1)[:, None, None]
    return field * torch.where(kind < _SELECTIVE / 2, slab, torch.where(kind < _SELECTIVE, band, torch.ones_like(slab)))
