"""Acquisitions: what a scanner makes of a slice, and of the same slice when it is scanned again.

k-space and images follow the convention of `CoilPreprocessor`: centred, orthonormal FFTs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Disturbance:
    """How much two acquisitions of one slice may differ. Each slice draws its own values up to these.

    Attributes:
        fewest_coils: smallest share of the coils that is kept; their order is always random.
        gain: largest factor by which a coil's gain changes, up or down; coil phases are always random.
        noise: largest standard deviation of the noise in the image, relative to the slice's mean magnitude where it is
            not dark, over all coils.
        undersampling: largest factor by which lines along y are left out; the central 8 % are always there.
        partial_fourier: smallest share of the lines along y that is measured.
        shift: largest shift along each axis, as a share of the field of view.
        rotation: largest rotation in degrees.
        scaling: largest factor by which the field of view changes, up or down.
    """

    fewest_coils: float = 1.0
    gain: float = 1.0
    noise: float = 0.0
    undersampling: float = 1.0
    partial_fourier: float = 1.0
    shift: float = 0.0
    rotation: float = 0.0
    scaling: float = 1.0


LEVELS = {
    "easy": Disturbance(fewest_coils=0.75, gain=1.25, noise=0.02, shift=0.02, rotation=3.0),
    "middle": Disturbance(fewest_coils=0.5, gain=1.5, noise=0.05, undersampling=2.0, shift=0.05, rotation=8.0),
    "hard": Disturbance(
        fewest_coils=0.25,
        gain=2.0,
        noise=0.1,
        undersampling=3.0,
        partial_fourier=0.7,
        shift=0.1,
        rotation=15.0,
        scaling=1.1,
    ),
}


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


def background_phase(batch: int, size: int, generator: torch.Generator) -> Tensor:
    """Smooth phase of field inhomogeneity and flow, up to a few radians, (batch, 1, size, size) as a unit factor."""
    coarse = torch.randn(batch, 1, 4, 4, generator=generator, device=generator.device)
    phase = F.interpolate(coarse, size=(size, size), mode="bicubic", align_corners=True)
    return torch.polar(torch.ones_like(phase), phase)


def scan_again(kspace: Tensor, disturbance: Disturbance, generator: torch.Generator) -> Tensor:
    """Fully sampled k-space as another acquisition of the same slices might have measured it.

    Args:
        kspace: (B, coils, y, x) complex64, on the generator's device.
        disturbance: the limits within which every slice draws its own acquisition.
        generator: the same state gives the same result.

    Returns:
        (B, fewer coils, y, x) complex64; the number of coils is drawn once for the batch. Lines that were not measured
        are zero.
    """
    batch, coils, height, width = kspace.shape
    device = generator.device

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(batch, *shape, generator=generator, device=device)

    image = kspace_to_image(kspace)
    if disturbance.shift > 0 or disturbance.rotation > 0 or disturbance.scaling > 1:
        angle = torch.deg2rad(uniform(-disturbance.rotation, disturbance.rotation))
        scale = disturbance.scaling ** uniform(-1, 1)
        shift = uniform(-2 * disturbance.shift, 2 * disturbance.shift, 2)
        image = _moved(image, angle, scale, shift)

    fewest = max(1, math.ceil(disturbance.fewest_coils * coils))
    kept = int(torch.randint(fewest, coils + 1, (1,), generator=generator, device=device))
    order = torch.rand(batch, coils, generator=generator, device=device).argsort(1)[:, :kept]
    image = torch.gather(image, 1, order[:, :, None, None].expand(-1, -1, height, width))
    gain = disturbance.gain ** uniform(-1, 1, kept)
    image = image * torch.polar(gain, uniform(0, 2 * math.pi, kept))[:, :, None, None]

    if disturbance.noise > 0:
        magnitude = image.abs().square().sum(1).sqrt()
        bright = magnitude > 0.1 * magnitude.amax((1, 2), keepdim=True)
        mean = (magnitude * bright).sum((1, 2)) / bright.sum((1, 2)).clamp(min=1)
        level = disturbance.noise * uniform(0, 1) * mean
        noise = torch.randn(*image.shape, 2, generator=generator, device=device)
        image = image + level[:, None, None, None] * torch.view_as_complex(noise) / math.sqrt(2)

    measured = _measured_lines(batch, height, disturbance, generator)
    return image_to_kspace(image) * measured[:, None, :, None]


def _moved(image: Tensor, angle: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Rotated, scaled and shifted images, linearly interpolated, zero outside."""
    batch, coils, height, width = image.shape
    cosine, sine = torch.cos(angle) / scale, torch.sin(angle) / scale
    aspect = height / width
    rows = torch.stack(
        [torch.stack([cosine, sine * aspect, shift[:, 0]], 1), torch.stack([-sine / aspect, cosine, shift[:, 1]], 1)], 1
    )
    grid = F.affine_grid(rows, [batch, 2 * coils, height, width], align_corners=False)
    parts = torch.view_as_real(image).permute(0, 4, 1, 2, 3).reshape(batch, 2 * coils, height, width)
    moved = F.grid_sample(parts, grid, mode="bilinear", align_corners=False)
    real, imaginary = moved[:, :coils], moved[:, coils:]
    return torch.complex(real, imaginary)


def _measured_lines(batch: int, lines: int, disturbance: Disturbance, generator: torch.Generator) -> Tensor:
    """1 where a line along y is measured, else 0; (B, lines)."""
    device = generator.device
    line = torch.arange(lines, device=device)[None]
    centre = (line - lines // 2).abs() <= max(1, round(0.04 * lines))
    factor = 1 + (disturbance.undersampling - 1) * torch.rand(batch, 1, generator=generator, device=device)
    offset = torch.rand(batch, 1, generator=generator, device=device)
    step = torch.floor((line + 1) / factor + offset) - torch.floor(line / factor + offset)
    share = 1 - (1 - disturbance.partial_fourier) * torch.rand(batch, 1, generator=generator, device=device)
    return ((step > 0) | centre).float() * (line < share * lines).float()
