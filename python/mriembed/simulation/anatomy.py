"""Random anatomy: bodies of nested, warped shapes, each of one tissue, cut into slices.

No body is like a real one, and all are alike in what matters here: an outline with a rim of fat, organs inside each
other, sharp and soft borders, fine texture, and neighbouring slices that resemble each other. Some are phantoms:
a vessel of one liquid with a few things in it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

_SHAPES = 14
_WAVES = 6


@dataclass(frozen=True)
class Anatomy:
    """Tissue of each pixel of a batch of slices, (B, y, x) each."""

    density: Tensor  # proton density, 0 to about 1
    t1: Tensor  # milliseconds
    t2: Tensor  # milliseconds


# Rough ranges at 1.5 T to 3 T (Stanisz et al. 2005; Bojorquez et al. 2017): density, T1 and T2 from and to.
_TISSUES = torch.tensor(
    [
        [0.80, 1.00, 250.0, 400.0, 60.0, 110.0],  # fat
        [0.70, 0.85, 900.0, 1450.0, 28.0, 50.0],  # muscle
        [0.60, 0.75, 600.0, 1100.0, 60.0, 90.0],  # white matter
        [0.75, 0.90, 1000.0, 1850.0, 80.0, 115.0],  # grey matter
        [0.95, 1.00, 2500.0, 4500.0, 400.0, 2000.0],  # fluid
        [0.65, 0.85, 550.0, 850.0, 34.0, 60.0],  # liver
        [0.80, 0.95, 1000.0, 1700.0, 50.0, 85.0],  # kidney, spleen
        [0.02, 0.15, 300.0, 1500.0, 10.0, 40.0],  # bone, air
        [0.90, 1.00, 200.0, 1000.0, 80.0, 900.0],  # phantom liquids
    ]
)


def random_anatomy(
    bodies: int,
    slices: int,
    size: int,
    generator: torch.Generator,
    *,
    phantoms: float = 0.2,
    variants: Tensor | None = None,
) -> Anatomy:
    """Draws `bodies` bodies and cuts each into `slices` slices at random heights, close to each other or far.

    Args:
        bodies, slices: their product is the batch.
        size: pixels of a side; the field of view runs from -1 to 1 along both axes.
        generator: its device is where the work is done.
        phantoms: share of the bodies that are phantoms.
        variants: (bodies,) bool, bodies that are cut at one height only; None: none.

    Returns:
        Anatomy of (bodies * slices, size, size); the slices of a body follow each other.
    """
    device = generator.device

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(bodies, *shape, generator=generator, device=device)

    axis = (torch.arange(size, device=device) - size // 2) * (2.0 / size)
    spread = 0.1 * (0.7 / 0.1) ** uniform(0, 1, 1)
    if variants is not None:
        spread = torch.where(variants[:, None], 0.0, spread)
    z = (uniform(-0.7, 0.7, 1) * (1 - spread) + spread * uniform(-1, 1, slices))[:, :, None, None]
    y = axis[None, None, :, None]
    x = axis[None, None, None, :]

    # A smooth displacement of space by a few waves.
    wave = uniform(-1, 1, 3, _WAVES) * 4.5
    phase = uniform(0, 2 * math.pi, 2, _WAVES)
    strength = uniform(-0.05, 0.05, 2, _WAVES)
    moved = []
    for direction, coordinate in enumerate((y, x)):
        shift = torch.zeros(bodies, slices, size, size, device=device)
        for index in range(_WAVES):
            ky, kx, kz = (wave[:, part, index, None, None, None] for part in range(3))
            shift += strength[:, direction, index, None, None, None] * torch.cos(
                ky * y + kx * x + kz * z + phase[:, direction, index, None, None, None]
            )
        moved.append(coordinate + shift)
    y, x = moved

    tissues = _TISSUES.to(device)[
        torch.randint(len(_TISSUES), (bodies, _SHAPES + 2), generator=generator, device=device)
    ]
    phantom = uniform(0, 1) < phantoms
    tissues[:, 0] = _TISSUES[0].to(device)  # the rim is fat
    tissues[phantom, :2] = _TISSUES[-1].to(device)
    drawn = tissues[..., 0::2] + (tissues[..., 1::2] - tissues[..., 0::2]) * uniform(0, 1, _SHAPES + 2, 3)
    drawn[phantom, 0] = drawn[phantom, 1]  # the vessel holds one liquid, up to its wall
    empty = phantom[:, None] & (uniform(0, 1, _SHAPES) < uniform(0.5, 1.0, 1))  # shapes that a phantom does not have

    outline_axes = uniform(0.5, 0.95, 2)
    body_height = uniform(0.9, 2.0)
    rim = uniform(0.02, 0.15)

    def ellipsoid(centre: Tensor, axes: Tensor, angle: Tensor) -> Tensor:
        """About the distance from the surface in pixels of the field of view, positive inside."""
        cosine, sine = (part[:, None, None, None] for part in (torch.cos(angle), torch.sin(angle)))
        cy, cx, cz = (centre[:, part, None, None, None] for part in range(3))
        ay, ax, az = (axes[:, part, None, None, None] for part in range(3))
        along, across = cosine * (y - cy) + sine * (x - cx), cosine * (x - cx) - sine * (y - cy)
        radius = torch.sqrt((along / ay) ** 2 + (across / ax) ** 2 + ((z - cz) / az) ** 2)
        return (1 - radius) * torch.minimum(ay, ax)

    nowhere = torch.zeros(bodies, 3, device=device)
    body_axes = torch.stack([outline_axes[:, 0], outline_axes[:, 1], body_height], 1)
    tilt = uniform(-0.3, 0.3)
    surface = ellipsoid(nowhere, body_axes, tilt)
    softness = 1.0 / size
    inside = torch.sigmoid(surface / softness)
    core = torch.sigmoid((surface - rim[:, None, None, None]) / softness)
    values = [
        drawn[:, 0, part, None, None, None] * (1 - core) + drawn[:, 1, part, None, None, None] * core
        for part in range(3)
    ]
    reach = torch.stack([outline_axes[:, 0], outline_axes[:, 1], body_height], 1) * 0.75
    for index in range(_SHAPES):
        largest = 0.5 if index < 4 else 0.22  # organs first, then what lies in them
        axes = torch.stack([uniform(0.03, largest), uniform(0.03, largest), uniform(0.1, 0.8)], 1)
        centre = uniform(-1, 1, 3) * reach
        shape = ellipsoid(centre, axes, uniform(0, math.pi))
        edge = softness * 10 ** uniform(-0.3, 0.9)[:, None, None, None]
        cover = torch.sigmoid(shape / edge) * core * ~empty[:, index, None, None, None]
        for part in range(3):
            values[part] = values[part] + cover * (drawn[:, 2 + index, part, None, None, None] - values[part])

    density = values[0] * inside
    for scale in (4, 16):
        strength = uniform(0, 0.25) * torch.where(phantom, 0.1, 1.0)
        density = density * (1 + _texture(bodies, z, size, scale, strength, generator))
    flat = (bodies * slices, size, size)
    return Anatomy(
        density.clamp(0, 1.5).reshape(flat),
        values[1].clamp(50, 6000).reshape(flat),
        values[2].clamp(5, 3000).reshape(flat),
    )


def _texture(bodies: int, z: Tensor, size: int, scale: int, strength: Tensor, generator: torch.Generator) -> Tensor:
    """Noise of `scale` pixels that changes slowly from slice to slice, (bodies, slices, size, size)."""
    coarse = max(size // scale, 2)
    noise = torch.randn(bodies, 2, coarse, coarse, generator=generator, device=generator.device)
    noise = F.interpolate(noise, size=(size, size), mode="bicubic", align_corners=False)
    angle = 4.0 * z
    mixed = torch.cos(angle) * noise[:, :1] + torch.sin(angle) * noise[:, 1:]
    return strength[:, None, None, None] * mixed
