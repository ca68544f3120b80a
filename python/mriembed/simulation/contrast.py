"""Signal equations: what a tissue with proton density, T1 and T2 gives in an image.

Times are in milliseconds, angles in radians; tensors broadcast. Source: Bernstein, King and Zhou, Handbook of MRI Pulse
Sequences (2004), chapter 14: spoiled gradient echo in the steady state (Ernst's formula), spin echo for TE << TR,
inversion recovery for a perfect inversion and TE << TR.
"""

from __future__ import annotations

import torch
from torch import Tensor


def spoiled_gradient_echo(density: Tensor, t1: Tensor, t2_star: Tensor, tr: Tensor, te: Tensor, flip: Tensor) -> Tensor:
    """PD sin(a) (1 - E1) / (1 - cos(a) E1) exp(-TE / T2*), E1 = exp(-TR / T1), in the steady state."""
    e1 = torch.exp(-tr / t1)
    return density * torch.sin(flip) * (1 - e1) / (1 - torch.cos(flip) * e1) * torch.exp(-te / t2_star)


def spin_echo(density: Tensor, t1: Tensor, t2: Tensor, tr: Tensor, te: Tensor) -> Tensor:
    """PD (1 - exp(-TR / T1)) exp(-TE / T2)."""
    return density * (1 - torch.exp(-tr / t1)) * torch.exp(-te / t2)


def inversion_recovery(density: Tensor, t1: Tensor, t2: Tensor, tr: Tensor, te: Tensor, ti: Tensor) -> Tensor:
    """PD (1 - 2 exp(-TI / T1) + exp(-TR / T1)) exp(-TE / T2): negative before the tissue's zero crossing."""
    return density * (1 - 2 * torch.exp(-ti / t1) + torch.exp(-tr / t1)) * torch.exp(-te / t2)


def random_contrast(
    density: Tensor,
    t1: Tensor,
    t2: Tensor,
    slices: int,
    generator: torch.Generator,
    *,
    variants: Tensor | None = None,
) -> Tensor:
    """Signal of each slice under a sequence drawn from what is usual at 1.5 T and 3 T.

    A third of the slices each: spoiled gradient echo (TR 5 to 600 ms, TE 2 to 20 ms, flip angle 5 to 70 degrees), spin
    echo (TR 300 to 6000 ms, TE 8 to 120 ms), inversion recovery (TR 2 to 9 s, TE 8 to 80 ms, TI 80 to 2500 ms).

    Args:
        density, t1, t2: (B, y, x), of each pixel's tissue. T2* is taken as 0.3 to 0.9 of T2.
        slices: so many slices in turn are of one body. Of every other body all slices, on average, have one sequence.
        generator: of the slices' device.
        variants: (bodies,) bool, bodies all of whose slices have one sequence in any case; None: none.

    Returns:
        (B, y, x) real; its sign is that of the magnetization.
    """
    bodies = density.size(0) // slices
    device = density.device
    alike = torch.rand(bodies, 1, generator=generator, device=device) < 0.5
    if variants is not None:
        alike = alike | variants[:, None]

    def uniform() -> Tensor:
        drawn = torch.rand(bodies, slices, generator=generator, device=device)
        return torch.where(alike, drawn[:, :1], drawn).reshape(-1, 1, 1)

    def between(low: float, high: float) -> Tensor:
        return low * (high / low) ** uniform()

    t2_star = t2 * between(0.3, 0.9)
    gradient = spoiled_gradient_echo(
        density, t1, t2_star, between(5, 600), between(2, 20), torch.deg2rad(between(5, 70))
    )
    spin = spin_echo(density, t1, t2, between(300, 6000), between(8, 120))
    inversion = inversion_recovery(density, t1, t2, between(2000, 9000), between(8, 80), between(80, 2500))
    kind = uniform()
    return torch.where(kind < 1 / 3, gradient, torch.where(kind < 2 / 3, spin, inversion))
