"""Random anatomy: subjects of nested, warped shapes, each of one tissue, cut into slices.

No body is like a real one, and all are alike in what matters here: an outline with a rim of fat, organs inside each
other, sharp and soft borders, fine texture, and neighbouring slices that resemble each other. Some are phantoms:
a vessel of one liquid with a few things in it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor
from torch.nn import functional as F

from mriembed.simulation.interpolation import interpolated
from mriembed.simulation.planes import pixel_points
from mriembed.simulation.uniform_numbers import UniformNumbers

_SHAPES = 14
_SOLID_SHAPES = 40  # of subjects that are cut at given heights
_FOLDS = (5, 12)  # pixels between two folds, at least and at most
_FOLD_EDGE = 4.0  # the larger, the sharper are the borders between two tissues that fold into each other
_ORGANS = 4  # of the shapes; the others are smaller and may lie in these
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
    subjects: int,
    slices: int,
    size: int,
    generator: torch.Generator,
    *,
    phantoms: float = 0.2,
    variants: Tensor | None = None,
    heights: Tensor | None = None,
    directions: Tensor | None = None,
    apart: float = 0.0,
) -> Anatomy:
    """Draws `subjects` subjects and cuts each into `slices` slices at random heights, close to each other or far.

    Args:
        subjects, slices: their product is the batch.
        size: pixels of a side; the field of view runs from -1 to 1 along both axes.
        generator: its device is where the work is done.
        phantoms: share of the subjects that are phantoms.
        variants: (subjects,) bool, subjects that are cut at one height only; None: none.
        heights: (subjects, slices), where the slices lie along z, in units of half of the field of view. Shapes and
            texture are then about as fine along z as in the plane, and what lies between the shapes is two tissues that
            fold into each other. None: random heights, near which little changes.
        directions: (subjects, slices, 2, 3), axes of the slices at `heights`, which are tilted about their middle, see
            `tilted_directions`. The subject is the same one as without. None: the slices lie in planes of one z.
        apart: random heights of a subject lie at least so far apart, in units of half of the field of view.

    Returns:
        Anatomy of (subjects * slices, size, size); the slices of a subject follow each other.
    """
    cut = _random_cut(subjects, slices, size, generator, variants, heights, directions, apart)
    shapes = _SOLID_SHAPES if cut.solid else _SHAPES
    tissues, phantom = _random_tissues(subjects, shapes, phantoms, generator)
    inside, core, cover = _random_shapes(cut, shapes, phantom, generator)
    within = tissues[:, 1, :, None, None]
    if cut.solid:
        pixels = int(torch.randint(*_FOLDS, (1,), generator=generator, device=generator.device))
        folds = cut.texture(pixels, torch.ones_like(tissues[:, 0, :1]), generator) - 1
        within = torch.lerp(within, tissues[:, -1, :, None, None], torch.sigmoid(_FOLD_EDGE * folds)[:, None])
    values = torch.lerp(tissues[:, 0, :, None, None], within, core[:, None])
    for index in range(shapes):  # each covers what lies below
        values = torch.lerp(values, tissues[:, 2 + index, :, None, None], cover[:, index, None])
    density, t1, t2 = values.unbind(1)
    density = density * inside
    for scale in (4, 16):
        strength = 0.25 * torch.rand(subjects, 1, generator=generator, device=generator.device)
        if cut.solid:
            strength = 0.1 + 0.6 * strength
        strength = strength * torch.where(phantom, 0.1, 1.0)[:, None]
        density = density * cut.texture(scale, strength, generator)
    flat = (subjects * slices, size, size)
    return Anatomy(
        density.clamp(0, 1.5).reshape(flat), t1.clamp(50, 6000).reshape(flat), t2.clamp(5, 3000).reshape(flat)
    )


@dataclass(frozen=True)
class _Cut:
    """Where subjects are cut.

    Attributes:
        size: pixels of a side.
        z: (subjects, slices), heights of the slices' middles.
        places: (subjects, 3, slices * y * x): y, x and 1 of the pixels once waves have displaced them.
        levels: z of the slices, (subjects, slices), or of their pixels, (subjects, slices * y * x).
        points: (subjects, 3, slices, y, x), y, x and z of the pixels of tilted slices; None: the slices are parallel.
        solid: whether the subjects are about as fine along z as in the plane.
    """

    size: int
    z: Tensor
    places: Tensor
    levels: Tensor
    points: Tensor | None
    solid: bool

    def texture(self, scale: int, strength: Tensor, generator: torch.Generator) -> Tensor:
        """A factor of noise of `scale` pixels, (subjects, slices, y * x), by the `strength` of each subject."""
        if self.points is not None:
            return _solid_texture_at(self.points, self.size, scale, strength, generator)
        draw = _solid_texture if self.solid else _texture
        return draw(self.z, self.size, scale, strength, generator)


def _random_cut(
    subjects: int,
    slices: int,
    size: int,
    generator: torch.Generator,
    variants: Tensor | None,
    heights: Tensor | None,
    directions: Tensor | None,
    apart: float,
) -> _Cut:
    """See `random_anatomy`."""
    axis = (torch.arange(size, device=generator.device) - size // 2) * (2.0 / size)
    uniform = UniformNumbers(subjects, 2 + slices + 7 * _WAVES, generator)
    spread = 0.1 * (0.7 / 0.1) ** uniform(0, 1, 1)
    if variants is not None:
        spread = torch.where(variants[:, None], 0.0, spread)
    z = uniform(-0.7, 0.7, 1) * (1 - spread) + spread * uniform(-1, 1, slices)
    if apart > 0:
        z = torch.where(spread > 0, _spread_out(z, apart), z)
    if heights is not None:
        z = heights
    if directions is None:
        return _Cut(size, z, displaced(axis, z, uniform), z, None, heights is not None)
    points = pixel_points(axis, z, directions)
    return _Cut(size, z, displaced_points(points.flatten(2), uniform), points[:, 2].flatten(1), points, True)


def _random_shapes(
    cut: _Cut, shapes: int, phantom: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """How much of each pixel the body covers, what lies within its rim, and each shape, from 0 to 1.

    Returns:
        (subjects, slices, y * x) twice, and (subjects, shapes, slices, y * x).
    """
    subjects, slices = cut.z.shape
    uniform = UniformNumbers(subjects, shapes + 6, generator)
    empty = phantom[:, None] & (uniform(0, 1, shapes) < uniform(0.5, 1.0, 1))  # shapes that a phantom does not have
    body_axes = torch.cat([uniform(0.5, 0.95, 2), uniform(0.9, 2.0, 1)], 1)
    rim, tilt = uniform(0.02, 0.15, 1), uniform(-0.3, 0.3, 1)
    softness = 1.0 / cut.size
    surface = ellipsoid_depth(cut.places, cut.levels, torch.zeros_like(body_axes)[:, None], body_axes[:, None], tilt)
    surface = surface.reshape(subjects, slices, -1)
    inside = torch.sigmoid(surface / softness)
    core = torch.sigmoid((surface - rim[:, :, None]) / softness)

    uniform = UniformNumbers(subjects, 8, generator, times=shapes)
    largest = torch.where(torch.arange(shapes, device=generator.device) < _ORGANS, 0.5, 0.22)[:, None, None]
    in_plane = 0.03 + (largest - 0.03) * torch.cat([uniform(0, 1, 1), uniform(0, 1, 1)], 2)
    along_z = uniform(0.1, 0.8, 1)
    if cut.solid:  # 0.5 to 2 of the mean axis in the plane
        along_z = in_plane.mean(2, keepdim=True) * 2 ** ((along_z - 0.45) / 0.35)
    axes = torch.cat([in_plane, along_z], 2)
    centres = uniform(-1, 1, 3) * (0.75 * body_axes)
    ellipsoids = (each.transpose(0, 1) for each in (centres, axes, uniform(0, math.pi)))
    cover = ellipsoid_depth(cut.places, cut.levels, *ellipsoids).reshape(subjects, shapes, slices, -1)
    edges = softness * 10 ** uniform(-0.3, 0.9, 1, 1).transpose(0, 1)
    cover.div_(edges).sigmoid_().mul_(core[:, None]).mul_(~empty[..., None, None])
    return inside, core, cover


def _spread_out(z: Tensor, apart: float) -> Tensor:
    """Heights (subjects, slices) at least `apart` from each other, in the order in which they were, centred."""
    order = z.argsort(1)
    room = apart * (torch.arange(z.size(1), device=z.device) - (z.size(1) - 1) / 2)
    return z + torch.empty_like(z).scatter_(1, order, room.expand_as(z))


def _random_tissues(subjects: int, shapes: int, phantoms: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Density, T1 and T2 of each subject's rim, of what lies within, and of each shape, (subjects, 2 + shapes, 3).

    And which subjects are phantoms, (subjects,) bool.
    """
    ranges = _TISSUES.to(generator.device)
    kinds = torch.randint(len(ranges), (subjects, shapes + 2), generator=generator, device=generator.device)
    uniform = UniformNumbers(subjects, 1 + 3 * (shapes + 2), generator)
    phantom = uniform(0, 1) < phantoms
    limits = ranges[kinds]
    limits[:, 0] = ranges[0]  # the rim is fat
    limits[:, :2] = torch.where(phantom[:, None, None], ranges[-1], limits[:, :2])
    low, high = limits[..., 0::2], limits[..., 1::2]
    tissues = low + (high - low) * uniform(0, 1, shapes + 2, 3)
    # A phantom's vessel holds one liquid, up to its wall.
    tissues[:, 0] = torch.where(phantom[:, None], tissues[:, 1], tissues[:, 0])
    return tissues, phantom


def displaced(axis: Tensor, z: Tensor, uniform: UniformNumbers) -> Tensor:
    """Where the pixels of slices at heights z, (subjects, slices), lie once a few waves have displaced space smoothly.

    Returns:
        (subjects, 3, slices * y * x): y, x and 1.
    """
    (subjects, slices), size = z.shape, len(axis)
    ky, kx, kz = (uniform(-1, 1, 3, _WAVES) * 4.5)[:, :, None, None, None].unbind(1)
    phase = uniform(0, 2 * math.pi, 2, _WAVES)[:, :, None, None]
    strength = uniform(-0.05, 0.05, 2, _WAVES)[:, :, None, None]
    # strength * cos(along + across), by the theorem of addition a product of what differs along y and along x.
    along = ky * axis[:, None] + kz * z[:, None, :, None, None] + phase  # (subjects, 2, slices, y, waves)
    across = kx[:, 0, 0, 0, :, None] * axis  # (subjects, waves, x)
    rows = strength.repeat(1, 1, 1, 1, 2) * torch.cat([torch.cos(along), -torch.sin(along)], 4)
    displacement = rows.flatten(1, 3) @ torch.cat([torch.cos(across), torch.sin(across)], 1)
    still = torch.stack(torch.meshgrid(axis, axis, indexing="ij"))
    places = still[:, None] + displacement.reshape(subjects, 2, slices, size, size)
    return F.pad(places.flatten(2), (0, 0, 0, 1), value=1.0)


def displaced_points(points: Tensor, uniform: UniformNumbers) -> Tensor:
    """The same displacement as of `displaced`, of any points.

    Args:
        points: (subjects, 3, points): y, x and z.
        uniform: in the state in which `displaced` would take it.

    Returns:
        (subjects, 3, points): y, x and 1.
    """
    wave = uniform(-1, 1, 3, _WAVES) * 4.5
    phase = uniform(0, 2 * math.pi, 2, _WAVES)
    strength = uniform(-0.05, 0.05, 2, _WAVES)
    along = wave.mT @ points
    displacement = (strength * torch.cos(phase)) @ torch.cos(along) - (strength * torch.sin(phase)) @ torch.sin(along)
    return F.pad(points[:, :2] + displacement, (0, 0, 0, 1), value=1.0)


def ellipsoid_depth(places: Tensor, z: Tensor, centre: Tensor, axes: Tensor, angle: Tensor) -> Tensor:
    """About the distance from the surface of ellipsoids, in units of half of the field of view, positive inside.

    Args:
        places: (subjects, 3, slices * y * x): y, x and 1.
        z: (subjects, slices), or of each place, (subjects, slices * y * x).
        centre, axes: (subjects, ellipsoids, 3), along y, x and z. angle: (subjects, ellipsoids), about z.

    Returns:
        (subjects, ellipsoids, slices, y * x), or (subjects, ellipsoids, slices * y * x, 1).
    """
    cosine, sine = torch.cos(angle), torch.sin(angle)
    (cy, cx, cz), (ay, ax, az) = centre.unbind(2), axes.unbind(2)
    first = torch.stack([cosine, sine, -cosine * cy - sine * cx], 2) / ay[..., None]
    second = torch.stack([-sine, cosine, sine * cy - cosine * cx], 2) / ax[..., None]
    third = (z[:, None] - cz[..., None]) / az[..., None]
    along, across = ((rows @ places).reshape(*third.shape, -1) for rows in (first, second))
    radius = torch.addcmul(third.square()[..., None], along, along).addcmul_(across, across).sqrt_()
    return radius.neg_().add_(1).mul_(torch.minimum(ay, ax)[..., None, None])


def _texture(z: Tensor, size: int, scale: int, strength: Tensor, generator: torch.Generator) -> Tensor:
    """A factor of noise of `scale` pixels that changes slowly from slice to slice, (subjects, slices, y * x)."""
    subjects, coarse = len(z), max(size // scale, 2)
    noise = torch.randn(subjects, 2, coarse, coarse, generator=generator, device=generator.device)
    angle = 4.0 * z
    mixing = strength[:, :, None] * torch.stack([torch.cos(angle), torch.sin(angle)], 2)
    return 1 + mixing @ interpolated(noise, size, corners=False).flatten(2)


def _solid_texture(z: Tensor, size: int, scale: int, strength: Tensor, generator: torch.Generator) -> Tensor:
    """A factor of noise that is equally fine along all axes, `scale` pixels, (subjects, slices, y * x)."""
    subjects, coarse = len(z), max(size // scale, 2)
    noise = torch.randn(subjects, coarse, coarse, coarse, generator=generator, device=generator.device)
    place = (z + 1) * (coarse / 2) - 0.5
    apart = place[:, :, None] - torch.arange(coarse, device=z.device)
    # cos^2 + sin^2 = 1: between two planes of noise its power stays the same.
    weights = torch.cos((math.pi / 2) * apart.clamp(-1, 1))
    planes = (weights @ noise.flatten(2)).reshape(*z.shape, coarse, coarse)
    return 1 + strength[:, :, None] * interpolated(planes, size, corners=False).flatten(2)


def _solid_texture_at(points: Tensor, size: int, scale: int, strength: Tensor, generator: torch.Generator) -> Tensor:
    """`_solid_texture` at any points, (subjects, 3, slices, y, x): y, x and z."""
    subjects, _, slices = points.shape[:3]
    coarse = max(size // scale, 2)
    noise = torch.randn(subjects, coarse, coarse, coarse, generator=generator, device=generator.device)
    y, x, z = points.unbind(1)
    # The middle pixel is n // 2; grid_sample has its 0 in the middle between the edges.
    grid = torch.stack([x, y], -1) + ((2 * (size // 2) + 1) / size - 1)
    place = (z + 1) * (coarse / 2) - 0.5
    texture = torch.empty_like(z)
    for subject, index in product(range(subjects), range(slices)):
        first, last = (int(place[subject, index].aminmax()[end].floor().clamp(0, coarse - 2)) for end in (0, 1))
        near = slice(first, last + 2)
        planes = F.grid_sample(
            noise[subject, None, near],
            grid[subject, index, None],
            mode="bicubic",
            padding_mode="border",
            align_corners=False,
        )
        apart = place[subject, index] - torch.arange(first, last + 2, device=z.device)[:, None, None]
        texture[subject, index] = (planes[0] * torch.cos((math.pi / 2) * apart.clamp(-1, 1))).sum(0)
    return 1 + strength[:, :, None] * texture.flatten(2)
