"""What of a slice is excited, and how strongly.

The transmit field is not uniform: in a body at 3 T it varies smoothly by some 30 % (Bernstein, King and Zhou, Handbook
of MRI Pulse Sequences, 2004, chapter 4). And sequences pick regions or leave them out on purpose: slabs, inner volumes,
saturation bands. Their profiles are those of windowed sinc pulses in the small-tip-angle approximation: the pulse's
Fourier transform (Pauly et al. 1989, doi:10.1016/0022-2364(89)90265-5; Bernstein, King and Zhou 2004, section 2.2).
Of a slab's phase the gradient that rephases it may leave a little, which grows along the slab's normal.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mriembed.simulation.interpolation import between_planes, interpolated
from mriembed.simulation.uniform_numbers import UniformNumbers

_PULSE_SAMPLES = 96  # of a pulse's half
_PROFILE_SAMPLES = 257
_LEAST_SPREAD = 0.2
_FIELD_VALUES = 3  # along an axis of a transmit field
_LEFT_PHASE = 0.6  # radians from a slab's middle to its edge

# Of what each slice has its own: from, to, and how far apart variants of a protocol lie, as a share of that.
_RANGES = torch.tensor(
    [
        [0.0, 1.0, 0.0],  # which axis of the image a slab's normal lies along
        [-0.2, 0.2, 0.0],  # how far it is turned from there, in radians
        [0.1, 0.6, 0.05],  # half of a slab's width
        [-0.3, 0.3, 0.0],  # where its middle lies
        [0.0, 1.0, 1.0],  # the logarithm of a pulse's time times bandwidth
        [0.0, 0.5, 1.0],  # its window
        [0.7, 1.0, 0.0],  # how much of the signal a band saturates
        [0.0, 1.0, 0.0],  # slab, band or nothing
        [-_LEFT_PHASE, _LEFT_PHASE, 1.0],
    ]
)


def random_excitation(
    subjects: int,
    slices: int,
    size: int,
    generator: torch.Generator,
    *,
    selective: float = 0.3,
    variants: Tensor | None = None,
) -> Tensor:
    """Factors by which the excitation scales each pixel's signal, (subjects * slices, size, size) complex64.

    Their magnitudes go from 0 to about 1.3; phases are those within slabs, 0 elsewhere.

    The slices of a subject have excitations of their own that resemble each other more or less, as those of one
    protocol and its variants do. `selective` is the share of the slices with a slab or a band. Of the subjects in
    `variants`, (subjects,) bool, every slice has one, all in one place: pulses alone differ, and by them the widths a
    little.
    """
    device = generator.device
    spread = _LEAST_SPREAD ** torch.rand(subjects, 1, generator=generator, device=device)
    coarse = 0.85 + 0.3 * torch.rand(subjects * slices, 1, 3, 3, generator=generator, device=device)
    if variants is not None:
        fields = coarse.view(subjects, slices, 1, 3, 3)
        coarse = torch.where(variants[:, None, None, None, None], fields[:, :1], fields).flatten(0, 1)
    field = interpolated(coarse, size)[:, 0].clamp(0.7, 1.3)

    # Numbers of a subject's slices lie within its spread, those of variants within another one.
    low, high, apart = _RANGES.to(device).T[..., None, None]
    within = spread if variants is None else torch.where(variants[:, None], apart, spread)
    uniform = UniformNumbers(subjects, 1 + slices, generator, times=len(_RANGES))
    base = uniform(0, 1, 1)
    own = base + within * (uniform(0, 1, slices) - base)
    axis, turn, half_width, middle, bandwidth, window, depth, kind, left = (low + (high - low) * own).flatten(1)
    angle = (math.pi / 2) * torch.round(axis) + turn  # most lie along an axis of the image
    positions = (torch.arange(size, device=device) - size // 2) * (2.0 / size)
    along = torch.cos(angle)[:, None, None] * positions[:, None] + torch.sin(angle)[:, None, None] * positions
    distance = (along - middle[:, None, None]) / half_width[:, None, None]
    slab = sinc_pulse_profile(distance.abs().flatten(1), 1.5 * 8**bandwidth, window).view_as(distance)
    band = 1 - depth[:, None, None] * slab.abs()
    kind = kind[:, None, None]
    if variants is not None:
        kind = torch.where(variants.repeat_interleave(slices)[:, None, None], selective * kind, kind)
    elsewhere = torch.where(kind < selective, band, 1.0)
    slab_or_not = torch.where(kind < selective / 2, slab, elsewhere)
    phase = torch.where(kind < selective / 2, left[:, None, None] * distance, 0.0)
    return torch.polar(field * slab_or_not, phase)


def transmit_field(heights: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """Smooth factors of a transmit field in three dimensions, 0.7 to 1.3, (subjects, slices, size, size).

    Args:
        heights: (subjects, slices), positions along the slices' normal in units of half of the field of view.
        size: pixels of a side.
        generator: of the heights' device.
    """
    coarse = 0.85 + 0.3 * torch.rand(heights.size(0), 3, 3, 3, generator=generator, device=generator.device)
    return interpolated(between_planes(coarse, heights + 1), size).clamp(0.7, 1.3)


def relative_flip_angles(body: Tensor, deviation: float, generator: torch.Generator) -> Tensor:
    """Smooth transmit fields: what pulses turn by in each pixel, relative to their nominal angles.

    Scanners calibrate the mean flip angle: in the body it is the nominal one. A field has about one wave over the field
    of view: at 3 T (128 MHz) the wavelength in tissue with the permittivity of water is c / (128 MHz * sqrt(80)) =
    0.26 m.

    Args:
        body: (B, y, x) bool, where the body is. The longer axis spans the field of view.
        deviation: largest deviation from 1 within the body, below 1.
        generator: of the body's device.

    Returns:
        (B, y, x). The mean within the body is 1, and the largest deviation there `deviation`, which is not exceeded
        elsewhere either.
    """
    batch, height, width = body.shape
    size = max(height, width)
    coarse = torch.randn(batch, _FIELD_VALUES, _FIELD_VALUES, generator=generator, device=generator.device)
    top, left = size // 2 - height // 2, size // 2 - width // 2
    field = interpolated(coarse, size)[:, top : top + height, left : left + width]
    mean = (field * body).sum((1, 2), keepdim=True) / body.sum((1, 2), keepdim=True).clamp(min=1)
    centred = field - mean
    largest = (centred * body).abs().amax((1, 2), keepdim=True).clamp(min=1e-12)
    return 1 + deviation * (centred / largest).clamp(-1, 1)


def sinc_pulse_profile(distance: Tensor, time_bandwidth: Tensor, window: Tensor) -> Tensor:
    """What a windowed sinc pulse excites, once rephased: real, 1 at most, side lobes with their signs.

    Args:
        distance: (B, points), from the profile's middle, in units of half of its nominal width; not negative.
        time_bandwidth: (B,), the pulse's duration times its bandwidth: the larger, the steeper are the edges.
        window: (B,), 0 for none, with ripples in and beside the profile, to 0.5 for Hann's, without.

    Returns:
        (B, points), looked up in a table of distances up to the largest one.
    """
    device = distance.device
    time = torch.linspace(-1, 1, 2 * _PULSE_SAMPLES + 1, device=device)
    half = time_bandwidth[:, None] / 2
    pulse = (1 - window[:, None] + window[:, None] * torch.cos(math.pi * time)) * torch.sinc(half * time)
    farthest = distance.amax(1, keepdim=True)
    places = torch.linspace(0, 1, _PROFILE_SAMPLES, device=device) * farthest
    waves = torch.cos(math.pi * half[:, :, None] * places[:, :, None] * time)
    profile = (waves @ pulse[:, :, None])[:, :, 0]
    profile = profile / profile.amax(1, keepdim=True)
    place = distance / farthest * (_PROFILE_SAMPLES - 1)
    below = place.floor().long().clamp(max=_PROFILE_SAMPLES - 2)
    share = place - below
    return (1 - share) * torch.gather(profile, 1, below) + share * torch.gather(profile, 1, below + 1)
