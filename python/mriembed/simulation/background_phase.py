"""Background phases: what shim, echo position, echo time, flow and the receive chain multiply into all coils alike.

A background phase changes from session to session and says nothing about what was scanned. Four families are mixed:

- linear: an echo that is displaced by d samples of k-space gives exp(2 pi i d u), u = pixel / pixels of the axis.
- quadratic: second-order shim terms, around the centre of the field of view.
- low frequency: a random field of few degrees of freedom, as eddy currents, flow and transmit fields cause.
- susceptibility: the field of a smooth random susceptibility map, by the dipole kernel 1/3 - kz^2 / k^2 (Salomir et al.
  2003, doi:10.1002/cmr.b.10083; Marques and Bowtell 2005, doi:10.1002/cmr.b.20034).

All fields are three-dimensional: neighbouring slices of a session have similar phases.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from mriembed.simulation.interpolation import between_planes, interpolated

_FAMILY_SHARE = 0.7  # of the acquisitions in which a family takes part
_COARSE = 4  # values along an axis of a low-frequency field
_MAP = 32  # voxels along an axis of a susceptibility map, which covers twice the field of view


@dataclass(frozen=True)
class PhaseLimits:
    """How strong a background phase may be; each session draws its own strengths up to these.

    Attributes:
        linear: largest displacement of k-space along each axis, in samples.
        quadratic: largest phase that each second-order term has at the edge of the field of view, in radians.
        low_frequency: largest standard deviation of the low-frequency field, in radians.
        susceptibility: largest phase, in radians, that the susceptibility field has in the field of view.
    """

    linear: float = 0.0
    quadratic: float = 0.0
    low_frequency: float = 0.0
    susceptibility: float = 0.0


def random_background_phase(
    heights: Tensor, height: int, width: int, limits: PhaseLimits, generator: torch.Generator
) -> Tensor:
    """Background phases of sessions.

    Args:
        heights: (sessions, slices), positions of each session's slices along their normal, in units of half of the
            field of view.
        height, width: pixels along y and x. The longer axis spans the field of view.
        limits: see there.
        generator: of the heights' device.

    Returns:
        (sessions * slices, 1, height, width) complex64 of magnitude 1.
    """
    sessions = heights.size(0)
    size = max(height, width)

    def strength(limit: float, *shape: int) -> Tensor:
        drawn = torch.rand(2, sessions, *shape, generator=generator, device=generator.device)
        present = torch.rand(sessions, *(1 for _ in shape), generator=generator, device=generator.device)
        return torch.where(present < _FAMILY_SHARE, limit * (2 * drawn[0] - 1), 0.0)

    radians = strength(limits.low_frequency)[:, None, None, None] * low_frequency_field(heights, size, generator)
    field = susceptibility_field(heights, size, generator)
    radians = radians + strength(limits.susceptibility)[:, None, None, None] * field
    radians = radians + quadratic_field(strength(limits.quadratic, 6), heights, size)
    top, left = size // 2 - height // 2, size // 2 - width // 2
    radians = radians[:, :, top : top + height, left : left + width]
    radians = radians + linear_field(strength(limits.linear, 2), height, width)[:, None]
    return torch.polar(torch.ones_like(radians), radians).flatten(0, 1)[:, None]


def linear_field(displacement: Tensor, height: int, width: int) -> Tensor:
    """Radians by which an image's phase grows when its k-space is displaced.

    Args:
        displacement: (B, 2), samples along y and x.

    Returns:
        (B, height, width), 0 at the centre pixel n // 2 of both axes.
    """
    y, x = (
        (torch.arange(count, device=displacement.device) - count // 2) * (2 * math.pi / count)
        for count in (height, width)
    )
    radians: Tensor = displacement[:, :1, None] * y[:, None] + displacement[:, 1:, None] * x
    return radians


def quadratic_field(coefficients: Tensor, heights: Tensor, size: int) -> Tensor:
    """Second-order terms x^2, y^2, xy, xz, yz and z^2 of positions from -1 to 1, in radians.

    Args:
        coefficients: (B, 6), of these terms in this order.
        heights: (B, slices), z.

    Returns:
        (B, slices, size, size).
    """
    axis = (torch.arange(size, device=heights.device) - size // 2) * (2.0 / size)
    y, x, z = axis[:, None], axis[None, :], heights[:, :, None, None]
    xx, yy, xy, xz, yz, zz = coefficients.T[:, :, None, None, None]
    radians: Tensor = xx * x * x + yy * y * y + xy * x * y + xz * x * z + yz * y * z + zz * z * z
    return radians


def low_frequency_field(heights: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """Random smooth fields of about unit standard deviation, (B, slices, size, size), coherent along z."""
    shape = (heights.size(0), _COARSE, _COARSE, _COARSE)
    coarse = torch.randn(*shape, generator=generator, device=generator.device)
    return interpolated(between_planes(coarse, (heights + 1) / 2 * (_COARSE - 1)), size)


def susceptibility_field(heights: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """Fields of random smooth susceptibility maps, (B, slices, size, size); the largest magnitude in the slices is 1.

    The main field points along y, x or the slices' normal.
    """
    sessions, device = heights.size(0), generator.device
    noise = torch.randn(sessions, _MAP, _MAP, _MAP, generator=generator, device=device)
    smooth = 1.5 + 3 * torch.rand(sessions, 1, 1, 1, generator=generator, device=device)  # voxels
    frequency = torch.fft.fftfreq(_MAP, device=device).square()
    squared = frequency[:, None, None] + frequency[:, None] + frequency
    blurred = torch.fft.ifftn(
        torch.fft.fftn(noise, dim=(1, 2, 3)) * torch.exp(-2 * (math.pi * smooth) ** 2 * squared), dim=(1, 2, 3)
    ).real
    # What is above the deviation is a piece of other tissue with a border, as bone and air are.
    deviation = blurred.square().mean((1, 2, 3), keepdim=True).sqrt()
    susceptibility = torch.sigmoid(4 * (blurred / deviation - 1))
    direction = torch.eye(3, device=device)[torch.randint(3, (sessions,), generator=generator, device=device)]
    field = dipole_field(susceptibility, direction)
    quarter = _MAP // 4
    planes = between_planes(field, quarter + (heights + 1) / 2 * (_MAP // 2 - 1))
    inside = interpolated(planes[..., quarter:-quarter, quarter:-quarter], size)
    return inside / inside.abs().amax((1, 2, 3), keepdim=True).clamp(min=1e-12)


def dipole_field(susceptibility: Tensor, direction: Tensor) -> Tensor:
    """Relative field of susceptibility maps, as a nucleus in its sphere of Lorentz sees it.

    Args:
        susceptibility: (B, z, y, x), taken as periodic.
        direction: (B, 3), unit vectors of the main field, (z, y, x).

    Returns:
        (B, z, y, x). Its mean is 0.
    """
    axes = [torch.fft.fftfreq(count, device=susceptibility.device) for count in susceptibility.shape[1:]]
    frequency = torch.stack(torch.meshgrid(*axes, indexing="ij"))
    squared = frequency.square().sum(0)
    along = torch.einsum("bi,izyx->bzyx", direction, frequency)
    kernel = torch.where(squared > 0, 1 / 3 - along.square() / squared.clamp(min=1e-12), 0.0)
    field: Tensor = torch.fft.ifftn(kernel * torch.fft.fftn(susceptibility, dim=(1, 2, 3)), dim=(1, 2, 3)).real
    return field
