"""Receive coils: loops of wire around the body and the sensitivity of each, by the law of Biot and Savart.

By reciprocity a coil receives from a point what a current of 1 A in it would send there: the field's transverse part,
B_x - i B_y, conjugate to the sense in which the spins turn (Hoult and Richards 1976; the quasi-static field is a good
approximation up to 1.5 T and smooth in the same way above).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from mriembed.simulation.interpolation import between_planes, interpolated
from mriembed.simulation.uniform_numbers import UniformNumbers

_SEGMENTS = 16
_GRID = 24
_ONE_SIDED = 0.2  # share of the arrays that cover one half of the body's circumference
_WIRE = 0.1  # radius within which a conductor's field no longer grows, as that of a strip does not


def loop_sensitivity(points: Tensor, centre: Tensor, normal: Tensor, radius: Tensor) -> Tensor:
    """Transverse field of circular loops at points, in units of mu_0 I / (4 pi) per length.

    Args:
        points: (P, 3) or, of each loop's own, (L, P, 3), (x, y, z); the main field points along z.
        centre, normal: (L, 3), of each loop; normals have unit length.
        radius: (L,).

    Returns:
        (L, P) complex64, B_x - i B_y.
    """
    x, _, z = torch.eye(3, device=normal.device)
    first = F.normalize(torch.linalg.cross(torch.where(normal[:, 2:].abs() < 0.9, z, x), normal), dim=1)
    second = torch.linalg.cross(normal, first)
    turn = 2 * math.pi / _SEGMENTS * torch.arange(_SEGMENTS, device=normal.device)[:, None]
    cosine, sine = torch.cos(turn), torch.sin(turn)
    outward = radius[:, None, None] * (cosine * first[:, None] + sine * second[:, None])
    wire = centre[:, None] + outward  # (L, segments, 3)
    along = (2 * math.pi / _SEGMENTS) * radius[:, None, None] * (cosine * second[:, None] - sine * first[:, None])
    # Sum of along x (point - wire) / |point - wire|^3: (sum of along / ...) x point - sum of (along x wire) / ...
    apart = points.square().sum(-1)[..., None, :] + (wire.square().sum(2) + _WIRE**2)[..., None]
    nearness = (apart - 2 * (wire @ points.mT)).rsqrt_()
    nearness = nearness * nearness * nearness  # (L, segments, P)
    current, moment = torch.split(torch.cat([along, torch.linalg.cross(along, wire)], 2).mT @ nearness, 3, dim=1)
    field = torch.linalg.cross(current, points.mT.expand_as(current), dim=1) - moment
    return torch.complex(field[:, 0], -field[:, 1])


def random_sensitivities(
    batch: int, coils: int, size: int, generator: torch.Generator, *, heights: Tensor | None = None
) -> Tensor:
    """Sensitivities of `batch` arrays of loops around the body, for a slice of `size` pixels a side.

    The loops lie on an elliptic cylinder around the body and along the main field, in one to three rings, all around or
    on one side, and look inwards with some disorder. The slice is axial, sagittal or coronal, somewhat tilted.
    Sensitivities are computed on a coarse grid and interpolated: they are smooth on its scale. Each array's mean of
    the sum of squares is 1.

    Args:
        batch, coils, size: see above.
        generator: its device is where the work is done.
        heights: (batch, slices), positions of several slices of each array along their normal, in units of half of the
            field of view. None: one slice.

    Returns:
        (batch * slices, coils, size, size) complex64; the slices of an array follow each other.
    """
    device = generator.device
    slices = 1 if heights is None else heights.size(1)
    rings = torch.randint(1, 4, (batch, 1), generator=generator, device=device)
    uniform = UniformNumbers(batch, 13 + 6 * coils, generator)
    index = torch.arange(coils, device=device)
    ring = index % rings
    around = torch.ceil(coils / rings)
    covered = torch.where(uniform(0, 1, 1) < _ONE_SIDED, 0.5, 1.0)
    step = covered * 2 * math.pi / around
    angle = step * (index // rings + 0.5 * ring) + uniform(0, 2 * math.pi, 1) + uniform(-0.15, 0.15, coils)
    distance = uniform(1.1, 1.6, 1) * (1 + uniform(-0.05, 0.05, coils))
    height = (ring - (rings - 1) / 2) * 0.6 + uniform(-0.1, 0.1, coils)
    squash = uniform(0.85, 1.0, 1)
    centre = torch.stack([distance * torch.cos(angle), squash * distance * torch.sin(angle), height], 2)
    inwards = torch.stack([-centre[..., 0], -centre[..., 1], -0.2 * centre[..., 2]], 2)
    normal = F.normalize(inwards + uniform(-0.2, 0.2, coils, 3), dim=2)
    radius = uniform(0.7, 1.3, 1) * torch.clamp(0.5 * step * distance, 0.15, 0.9)

    points, across = _random_plane(uniform)
    if heights is not None:
        points = (points[:, None] + heights[:, :, None, None] * across[:, None, None]).flatten(1, 2)
    field = loop_sensitivity(
        points.repeat_interleave(coils, 0), centre.flatten(0, 1), normal.flatten(0, 1), radius.flatten()
    )
    parts = torch.view_as_real(field).reshape(batch, coils, slices, _GRID, _GRID, 2)
    parts = interpolated(parts.permute(0, 2, 1, 5, 3, 4), size)  # (batch, slices, coils, parts, y, x)
    energy = parts.square().sum((2, 3)).mean((1, 2, 3))
    parts = (parts / energy.sqrt()[:, None, None, None, None, None]).flatten(0, 1)
    return torch.complex(parts[:, :, 0], parts[:, :, 1])


def body_coil_sensitivities(heights: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """Sensitivities of a body coil: one channel, uniform but for what the body does to the field at 3 T.

    Args:
        heights: (batch, slices), as of `random_sensitivities`.

    Returns:
        (batch * slices, 1, size, size) complex64.
    """
    coarse = torch.randn(2, heights.size(0), 3, 3, 3, generator=generator, device=generator.device)
    magnitude, phase = (interpolated(between_planes(part, heights + 1), size).flatten(0, 1) for part in coarse)
    return torch.polar(torch.exp(0.15 * magnitude), 0.5 * phase)[:, None]


def _random_plane(uniform: UniformNumbers) -> tuple[Tensor, Tensor]:
    """Points of a coarse grid over each array's slice, (batch, points, 3): axial as often as sagittal or coronal.

    And the slices' normals, (batch, 3).
    """
    which = uniform(0, 1)
    device = which.device
    axes = torch.eye(3, device=device)
    first = torch.where((which < 0.75)[:, None], axes[0], axes[1])
    second = torch.where((which < 0.5)[:, None], axes[1], axes[2])
    first = F.normalize(first + 0.15 * uniform(-1, 1, 3), dim=1)
    second = second + 0.15 * uniform(-1, 1, 3)
    second = F.normalize(second - (first * second).sum(1, keepdim=True) * first, dim=1)
    third = torch.linalg.cross(first, second)
    axis = torch.linspace(-1, 1, _GRID, device=device)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    plane = x[..., None] * first[:, None, None] + y[..., None] * second[:, None, None]
    return plane.flatten(1, 2) + (uniform(-0.3, 0.3, 1) * third)[:, None], third
