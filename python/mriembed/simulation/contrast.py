"""Signal equations: what a tissue with proton density, T1 and T2 gives in an image.

Times are in milliseconds, angles in radians; tensors broadcast. Source: Bernstein, King and Zhou, Handbook of MRI Pulse
Sequences (2004), chapter 14: spoiled gradient echo in the steady state (Ernst's formula), spin echo for TE << TR,
inversion recovery for a perfect inversion and TE << TR.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

# Of sequences that are usual at 1.5 T and 3 T, from and to.
_RANGES = torch.tensor(
    [
        [0.3, 0.9],  # T2* of T2
        [5.0, 600.0],  # spoiled gradient echo: TR
        [2.0, 20.0],  # TE
        [5.0, 70.0],  # flip angle in degrees
        [300.0, 6000.0],  # spin echo: TR
        [8.0, 120.0],  # TE
        [2000.0, 9000.0],  # inversion recovery: TR
        [8.0, 80.0],  # TE
        [80.0, 2500.0],  # TI
    ]
)


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


def spin_echo_of_scaled_pulses(
    density: Tensor, t1: Tensor, t2: Tensor, tr: Tensor, te: Tensor, scale: Tensor
) -> Tensor:
    """`spin_echo` where pulses of 90 and 180 degrees turn by a = 90 `scale` and b = 180 `scale` degrees instead.

    PD M sin(a) sin^2(b / 2) exp(-TE / T2), where M = (1 - E1) / (1 - cos(a) cos(b) E1), E1 = exp(-TR / T1), is the
    longitudinal magnetization before the excitation in the steady state: each TR leaves cos(a) cos(b) of it, which
    recovers. A refocusing pulse of b refocuses sin^2(b / 2) (Hahn 1950, doi:10.1103/PhysRev.80.580); all else that it
    makes is spoiled.
    """
    excitation, refocusing = (math.pi / 2) * scale, math.pi * scale
    e1 = torch.exp(-tr / t1)
    before = (1 - e1) / (1 - torch.cos(excitation) * torch.cos(refocusing) * e1)
    echo = torch.sin(excitation) * torch.sin(refocusing / 2).square()
    return density * before * echo * torch.exp(-te / t2)


def inversion_recovery_of_scaled_pulses(
    density: Tensor, t1: Tensor, t2: Tensor, tr: Tensor, te: Tensor, ti: Tensor, scale: Tensor
) -> Tensor:
    """`inversion_recovery` with a spin echo whose pulses, the inversion as well, turn by `scale` times their angles.

    As `spin_echo_of_scaled_pulses`, with M = (1 - EI + cos(b) (EI - E1)) / (1 - cos(a) cos(b) cos(b) E1), EI =
    exp(-TI / T1): the solution of M = 1 - (1 - cos(b) N) EI and N = 1 - (1 - cos(a) cos(b) M) E1 / EI, the
    magnetizations before the excitation and before the inversion.
    """
    excitation, turned = (math.pi / 2) * scale, math.pi * scale
    e1, ei = torch.exp(-tr / t1), torch.exp(-ti / t1)
    kept = torch.cos(turned)
    before = (1 - ei + kept * (ei - e1)) / (1 - torch.cos(excitation) * kept.square() * e1)
    echo = torch.sin(excitation) * torch.sin(turned / 2).square()
    return density * before * echo * torch.exp(-te / t2)


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
        slices: so many slices in turn are of one subject. Of every other subject, on average, all slices have one
            sequence.
        generator: of the slices' device.
        variants: (subjects,) bool, subjects all of whose slices have one sequence in any case; None: none.

    Returns:
        (B, y, x) real; its sign is that of the magnetization.
    """
    subjects = density.size(0) // slices
    device = density.device
    alike = torch.rand(subjects, 1, generator=generator, device=device) < 0.5
    if variants is not None:
        alike = alike | variants[:, None]
    drawn = torch.rand(len(_RANGES) + 1, subjects, slices, generator=generator, device=device)
    drawn = torch.where(alike, drawn[:, :, :1], drawn).reshape(len(drawn), -1, 1, 1)
    low, high = _RANGES.to(device).T[..., None, None, None]
    return _signal(density, t1, t2, low * (high / low) ** drawn[:-1], drawn[-1])


@dataclass(frozen=True)
class Sequences:
    """Sequences, one for each of some slices.

    Attributes:
        parameters: (9, slices), of all three kinds in the order of `random_contrast`; the first is the ratio of the
            tissue's T2* to T2.
        kind: (slices,), from 0 to 1: a third each is spoiled gradient echo, spin echo, inversion recovery.
    """

    parameters: Tensor
    kind: Tensor

    def varied(self, share: float, generator: torch.Generator) -> Sequences:
        """The same kinds, each parameter larger or smaller by a random factor of up to 1 + `share`."""
        drawn = torch.rand(self.parameters.shape, generator=generator, device=generator.device)
        factors = (1 + share) ** (2 * drawn - 1)
        factors[0] = 1  # belongs to the tissue
        return Sequences(self.parameters * factors, self.kind)

    def others(self, generator: torch.Generator) -> Sequences:
        """Random sequences, each of another kind than this one."""
        drawn = random_sequences(self.kind.numel(), generator)
        turns = torch.randint(1, 3, self.kind.shape, generator=generator, device=generator.device)
        parameters = torch.cat([self.parameters[:1], drawn.parameters[1:]])
        return Sequences(parameters, torch.remainder(self.kind + turns / 3, 1))

    def signal(self, density: Tensor, t1: Tensor, t2: Tensor, flip_angles: Tensor | None = None) -> Tensor:
        """Signal (slices, y, x) of tissues (slices, y, x).

        Args:
            density, t1, t2: of each pixel's tissue.
            flip_angles: (slices, y, x), what all pulses turn by relative to their nominal angles; None: 1 everywhere.
        """
        return _signal(density, t1, t2, self.parameters[:, :, None, None], self.kind[:, None, None], flip_angles)


def random_sequences(count: int, generator: torch.Generator) -> Sequences:
    """Sequences drawn from what is usual at 1.5 T and 3 T, as of `random_contrast`."""
    drawn = torch.rand(len(_RANGES) + 1, count, generator=generator, device=generator.device)
    low, high = _RANGES.to(generator.device).T[..., None]
    return Sequences(low * (high / low) ** drawn[:-1], drawn[-1])


def _signal(
    density: Tensor, t1: Tensor, t2: Tensor, parameters: Tensor, kind: Tensor, flip_angles: Tensor | None = None
) -> Tensor:
    """Signal (B, y, x) by the signal equation of each slice's kind; parameters are (9, B, 1, 1), kinds (B, 1, 1)."""
    share, gradient_tr, gradient_te, flip, spin_tr, spin_te, tr, te, ti = parameters
    flip = torch.deg2rad(flip)
    if flip_angles is None:
        spin = spin_echo(density, t1, t2, spin_tr, spin_te)
        inversion = inversion_recovery(density, t1, t2, tr, te, ti)
    else:
        flip = flip * flip_angles
        spin = spin_echo_of_scaled_pulses(density, t1, t2, spin_tr, spin_te, flip_angles)
        inversion = inversion_recovery_of_scaled_pulses(density, t1, t2, tr, te, ti, flip_angles)
    gradient = spoiled_gradient_echo(density, t1, share * t2, gradient_tr, gradient_te, flip)
    return torch.where(kind < 1 / 3, gradient, torch.where(kind < 2 / 3, spin, inversion))
