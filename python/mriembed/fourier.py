"""Between images and k-space, in the convention of `CoilPreprocessor`: centred, orthonormal FFTs."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def image_to_kspace(image: Tensor) -> Tensor:
    """Centred orthonormal FFT over the last two axes."""
    return _centred(torch.fft.fft2, image)


def kspace_to_image(kspace: Tensor) -> Tensor:
    """Its inverse."""
    return _centred(torch.fft.ifft2, kspace)


def _centred(transform: Callable[..., Tensor], samples: Tensor) -> Tensor:
    """A transform whose centre, before and after, is at n // 2 of both axes.

    Where n is even, that only changes signs, by the shift theorem; otherwise samples are moved.
    """
    height, width = samples.shape[-2:]
    if height % 2 == 0 and width % 2 == 0:
        rows, columns = (torch.arange(length, device=samples.device) for length in (height, width))
        signs = 1.0 - 2.0 * ((rows[:, None] + columns) % 2)
        transformed = transform(samples * signs, norm="ortho")
        return transformed.mul_(signs if (height + width) % 4 == 0 else -signs)
    shifted = torch.fft.ifftshift(samples, dim=(-2, -1))
    moved: Tensor = torch.fft.fftshift(transform(shifted, norm="ortho"), dim=(-2, -1))
    return moved
