"""The N/2 ghost: every other line along y has a phase error, as in EPI, where every other line is read backwards."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def with_ghost(kspace: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """k-space whose odd lines have a phase error.

    A phase p of the odd lines is a factor exp(i p / 2) (cos(p / 2) - i (-1)^k sin(p / 2)) of line k, so that the image
    is cos(p / 2) times what it was, and has a copy of sin(p / 2), shifted by half of the field of view along y
    (Buonocore and Gao 1997, doi:10.1002/mrm.1910380114). Their ratio is tan(p / 2).

    Args:
        kspace: (B, coils, y, x) complex64, lines in the order of y.
        strength: of the ghost relative to the image, 0 to below 1.
        generator: of the k-space's device; decides the sign of each slice's phase error.

    Returns:
        (B, coils, y, x) complex64. All coils have the same phase error.
    """
    batch, _, lines, _ = kspace.shape
    sign = 2.0 * torch.randint(2, (batch, 1), generator=generator, device=generator.device) - 1
    odd = torch.arange(lines, device=kspace.device) % 2
    error = 2 * math.atan(strength) * sign * odd
    return kspace * torch.polar(torch.ones_like(error), error)[:, None, :, None]
