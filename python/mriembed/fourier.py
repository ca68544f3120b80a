"""Between images and k-space, in the convention of `CoilPreprocessor`: centred, orthonormal FFTs."""

from __future__ import annotations

import torch
from torch import Tensor


def image_to_kspace(image: Tensor) -> Tensor:
    """Centred orthonormal FFT over the last two axes."""
    shifted = torch.fft.ifftshift(image, dim=(-2, -1))
    kspace: Tensor = torch.fft.fftshift(torch.fft.fft2(shifted, norm="ortho"), dim=(-2, -1))
    return kspace


def kspace_to_image(kspace: Tensor) -> Tensor:
    """Its inverse."""
    shifted = torch.fft.ifftshift(kspace, dim=(-2, -1))
    image: Tensor = torch.fft.fftshift(torch.fft.ifft2(shifted, norm="ortho"), dim=(-2, -1))
    return image
