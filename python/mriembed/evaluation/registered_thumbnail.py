"""A baseline that compares slices in pairs: bias-corrected thumbnails, registered over rotation and shift."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from mriembed.evaluation.methods import Matcher, root_sum_of_squares

_SIDE = 64
_WINDOW = 8.0  # standard deviation of the Gaussian that gives the low-resolution image, in pixels
_FLOOR = 0.15  # of the brightest part of the low-resolution image: below, division would lift noise
_LARGEST_ROTATION, _STEP = 16, 4  # degrees
_LARGEST_SHIFT = 8  # pixels
_AT_ONCE = 128  # correlations: as many as a cache holds


class RegisteredThumbnail(Matcher):
    """Root-sum-of-squares images of 64 x 64 pixels, divided by their low-resolution selves.

    The similarity of two slices is the largest normalized correlation over rotations from -16 to 16 degrees in steps of
    4 and shifts of up to 8 pixels along both axes, by FFT. It is not an embedding, and slow: retrieval trials ask at
    most `most_queries` of their queries.
    """

    name = f"registered thumbnail {_SIDE} x {_SIDE}"
    most_queries = 100

    def describe(self, kspace: NDArray[np.complex64]) -> NDArray[np.float32]:
        """Bias-corrected images, (slices, 64, 64), of mean 0 and unit energy."""
        images = torch.from_numpy(root_sum_of_squares(kspace, _SIDE))
        corrected: NDArray[np.float32] = _normalized(_bias_corrected(images)).numpy()
        return corrected

    def similarity(self, queries: NDArray[np.float32], gallery: NDArray[np.float32]) -> NDArray[np.float32]:
        """Largest normalized correlations, (queries, gallery)."""
        held = torch.fft.rfft2(torch.from_numpy(gallery))
        best = torch.full((len(queries), len(gallery)), -1.0)
        for degrees in range(-_LARGEST_ROTATION, _LARGEST_ROTATION + 1, _STEP):
            turned = torch.fft.rfft2(_normalized(_rotated(torch.from_numpy(queries), degrees))).conj()
            for number, query in enumerate(turned):
                for first in range(0, len(held), _AT_ONCE):
                    part = slice(first, first + _AT_ONCE)
                    peak = _largest_within_shifts(torch.fft.irfft2(query * held[part], s=(_SIDE, _SIDE)))
                    best[number, part] = torch.maximum(best[number, part], peak)
        found: NDArray[np.float32] = best.numpy()
        return found


def _bias_corrected(images: Tensor) -> Tensor:
    distance = torch.arange(-3 * int(_WINDOW), 3 * int(_WINDOW) + 1)
    kernel = torch.exp(-0.5 * (distance / _WINDOW).square())
    kernel = kernel / kernel.sum()
    padded = F.pad(images[:, None], (len(distance) // 2,) * 4)
    smooth = F.conv2d(F.conv2d(padded, kernel[None, None, None]), kernel[None, None, :, None])[:, 0]
    floor = _FLOOR * smooth.amax((1, 2), keepdim=True)
    # A few bright pixels next to an element of the array must not decide.
    return (images / torch.maximum(smooth, floor).clamp(min=1e-20)).clamp(max=3.0)


def _normalized(images: Tensor) -> Tensor:
    centred = images - images.mean((1, 2), keepdim=True)
    return centred / centred.square().sum((1, 2), keepdim=True).sqrt().clamp(min=1e-20)


def _rotated(images: Tensor, degrees: float) -> Tensor:
    """Images turned about their centre; what comes in from outside is the border's mean."""
    if degrees == 0:
        return images
    angle = math.radians(degrees)
    rows = torch.tensor([[math.cos(angle), math.sin(angle), 0.0], [-math.sin(angle), math.cos(angle), 0.0]])
    grid = F.affine_grid(rows.expand(len(images), 2, 3), [len(images), 1, _SIDE, _SIDE], align_corners=False)
    return F.grid_sample(images[:, None], grid, align_corners=False, padding_mode="border")[:, 0]


def _largest_within_shifts(correlation: Tensor) -> Tensor:
    """Maxima of circular correlations (..., y, x) over the shifts that are allowed."""
    rows = torch.cat([correlation[..., : _LARGEST_SHIFT + 1, :], correlation[..., -_LARGEST_SHIFT:, :]], -2)
    both = torch.cat([rows[..., : _LARGEST_SHIFT + 1], rows[..., -_LARGEST_SHIFT:]], -1)
    return both.amax((-2, -1))
