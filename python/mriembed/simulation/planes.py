"""Planes of slices in space, for slices that are tilted out of the plane of the image."""

from __future__ import annotations

import torch
from torch import Tensor


def tilted_directions(angles: Tensor, about_y: Tensor) -> Tensor:
    """Directions of the axes of slices that are tilted about one of their own axes.

    Args:
        angles: (...), radians. At a positive angle z grows along the axis that is turned.
        about_y: (...) bool. True: about the slice's y axis, so that its x axis is turned; False: about its x axis.

    Returns:
        (..., 2, 3): unit vectors of a slice's y and x axes, with their components along y, x and z of the body.
    """
    cosine, sine, zero = torch.cos(angles), torch.sin(angles), torch.zeros_like(angles)
    still_y = torch.stack([zero + 1, zero, zero], -1)
    still_x = torch.stack([zero, zero + 1, zero], -1)
    turned_y = torch.stack([cosine, zero, sine], -1)
    turned_x = torch.stack([zero, cosine, sine], -1)
    tilted_about_y = torch.stack([still_y, turned_x], -2)
    tilted_about_x = torch.stack([turned_y, still_x], -2)
    return torch.where(about_y[..., None, None], tilted_about_y, tilted_about_x)


def pixel_points(axis: Tensor, heights: Tensor, directions: Tensor) -> Tensor:
    """Where the pixels of slices lie in the body.

    Args:
        axis: (size,), positions of the pixels along both axes of a slice.
        heights: (subjects, slices), z of each slice's middle, in the unit of `axis`.
        directions: (subjects, slices, 2, 3), see `tilted_directions`.

    Returns:
        (subjects, 3, slices, size, size): y, x and z.
    """
    along_y, along_x = (directions[:, :, index, :, None, None] for index in (0, 1))
    points = along_y * axis[:, None] + along_x * axis
    points[:, :, 2] += heights[:, :, None, None]
    return points.transpose(1, 2)
