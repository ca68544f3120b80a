"""Between images and k-space: centred orthonormal FFTs, and crops and zeros around the centre, index n // 2.

Functions of one axis can be scripted.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def centred_fft(x: Tensor, axis: int) -> Tensor:
    """Centred orthonormal FFT along one axis, for odd and even lengths."""
    shifted = torch.fft.ifftshift(x, dim=[axis])
    transformed: Tensor = torch.fft.fftshift(torch.fft.fft(shifted, dim=axis, norm="ortho"), dim=[axis])
    return transformed


def centred_ifft(x: Tensor, axis: int) -> Tensor:
    """Centred orthonormal inverse FFT along one axis, for odd and even lengths."""
    shifted = torch.fft.ifftshift(x, dim=[axis])
    transformed: Tensor = torch.fft.fftshift(torch.fft.ifft(shifted, dim=axis, norm="ortho"), dim=[axis])
    return transformed


def centred_resize(x: Tensor, axis: int, length: int) -> Tensor:
    """Crops or zero-pads one axis so that its centre, index n // 2, stays the centre."""
    size = x.size(axis)
    if size >= length:
        return x.narrow(axis, size // 2 - length // 2, length)
    shape = list(x.shape)
    shape[axis] = length
    padded = torch.zeros(shape, dtype=x.dtype, device=x.device)
    padded.narrow(axis, length // 2 - size // 2, size).copy_(x)
    return padded


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
