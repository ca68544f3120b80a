"""Smooth fields from a few values."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def interpolated(coarse: Tensor, size: int, *, corners: bool = True) -> Tensor:
    """Square fields (..., n, n) on a grid of size x size, by cubic convolution (Keys 1981).

    The result is that of `torch.nn.functional.interpolate` with mode "bicubic" and `align_corners` as `corners` says.
    It acts on one axis after the other, so two products with the matrix of what it does along one give it much sooner.
    """
    count = coarse.size(-1)
    unit = torch.eye(count, dtype=coarse.dtype, device=coarse.device)
    along = F.interpolate(unit[None, None], size=(size, count), mode="bicubic", align_corners=corners)[0, 0]
    return along @ coarse @ along.mT


def between_planes(planes: Tensor, places: Tensor) -> Tensor:
    """Planes of a volume at any place along its first axis, by linear interpolation.

    Args:
        planes: (B, count, ...).
        places: (B, slices), from 0 to count - 1; beyond the ends the end planes hold.

    Returns:
        (B, slices, ...).
    """
    count = planes.size(1)
    apart = places.clamp(0, count - 1)[:, :, None] - torch.arange(count, device=places.device)
    weights = (1 - apart.abs()).clamp(min=0)
    return (weights @ planes.flatten(2)).reshape(*places.shape, *planes.shape[2:])
