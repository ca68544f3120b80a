"""Acquisitions: what a scanner makes of a slice, and of the same slice when it is scanned again.

A simulated slice moves under coils that stay where they are (`acquire`). Of a measured scan there are only the images
that its coils made, and these move as a whole (`reacquire`). All else is the same for both.

Slices have no background phase: each acquisition draws one, where its perturbation has limits for it.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from mriembed.fourier import centred_resize, image_to_kspace, kspace_to_image
from mriembed.simulation.background_phase import random_background_phase
from mriembed.simulation.interpolation import interpolated
from mriembed.simulation.perturbation import Perturbation


class _Draw:
    """Uniform random numbers, one draw for each slice of a batch or, with `together`, for as many slices in turn."""

    def __init__(self, batch: int, generator: torch.Generator, *, together: int = 1) -> None:
        self._rows = batch // together
        self._together = together
        self.generator = generator
        self.device = generator.device

    def __call__(self, low: float, high: float, *shape: int) -> Tensor:
        drawn = low + (high - low) * torch.rand(self._rows, *shape, generator=self.generator, device=self.device)
        return drawn.repeat_interleave(self._together, 0) if self._together > 1 else drawn


def acquire(
    images: Tensor,
    sensitivities: Tensor,
    perturbation: Perturbation,
    generator: torch.Generator,
    *,
    readout_oversampling: int = 1,
    heights: Tensor | None = None,
) -> Tensor:
    """k-space of simulated slices.

    Args:
        images: (B, 1, Y, X) complex64, without any coil's part in them, as fine as the matrix or finer: what the
            matrix does not resolve is cut off in k-space, as a scanner does.
        sensitivities: (A, coils, y, x) complex64, of A arrays, each for B / A slices in turn; y and x are the matrix,
            for the same field of view.
        perturbation: the limits within which every slice draws its own acquisition. `fewest_coils`, `resolution`,
            `weighting` and `single_channel` have no part in it: array and matrix are those of the sensitivities.
        generator: of the images' device; the same state gives the same result.
        readout_oversampling: factor by which x is sampled more densely than the matrix asks for, for a wider field of
            view, as scanners do.
        heights: (sessions, slices), positions along the slices' normal in units of half of the field of view, where
            slices in turn are of one session: all but the noise's samples is drawn once for these, and their background
            phase is one field in three dimensions. None: every slice has a session of its own.

    Returns:
        (B, coils, y, readout_oversampling * x) complex64, coils in random order. Lines that were not measured are zero.
    """
    coils, height, width = sensitivities.shape[1:]
    draw = _Draw(images.size(0), generator, together=1 if heights is None else heights.size(1))
    receiving = _through_receivers(_shuffled(sensitivities, coils, draw), perturbation, draw)
    moved = _moved(images, perturbation, draw)
    if perturbation.phase is not None:
        if heights is None:
            heights = torch.zeros(images.size(0), 1, device=images.device)
        phase = random_background_phase(heights, moved.size(2), moved.size(3), perturbation.phase, generator)
        moved = moved * phase
    received = _on_grid(moved, height, width) * receiving
    wider = (readout_oversampling - 1) * width
    if wider > 0:
        received = F.pad(received, (wider // 2, wider - wider // 2))
    return _measured(received, _noise_of_the_body(receiving, draw), perturbation, draw)


def reacquire(kspace: Tensor, perturbation: Perturbation, generator: torch.Generator) -> Tensor:
    """Fully sampled k-space as another acquisition of the same slices might have measured it.

    Args:
        kspace: (B, coils, y, x) complex64, on the generator's device.
        perturbation: the limits within which every slice draws its own acquisition.
        generator: the same state gives the same result.

    Returns:
        (B, fewer coils, fewer y, fewer x) complex64; number of coils and matrix are drawn once for the batch. Lines
        that were not measured are zero.
    """
    batch, coils = kspace.shape[:2]
    draw = _Draw(batch, generator)
    images = _moved(kspace_to_image(kspace), perturbation, draw, finer=2)
    fewest = max(1, math.ceil(perturbation.fewest_coils * coils))
    kept = int(torch.randint(fewest, coils + 1, (1,), generator=generator, device=generator.device))
    received = _through_receivers(_shuffled(images, kept, draw), perturbation, draw)
    if perturbation.weighting > 0:
        received = received * _smooth_weighting(received, perturbation.weighting, draw)
    height, width = received.shape[2:]
    if perturbation.phase is not None:
        heights = torch.zeros(batch, 1, device=generator.device)
        received = received * random_background_phase(heights, height, width, perturbation.phase, generator)
    if perturbation.resolution < 1:
        share = perturbation.resolution + (1 - perturbation.resolution) * float(
            torch.rand(1, generator=generator, device=generator.device)
        )
        received = _on_grid(received, *(2 * max(4, round(share * length / 2)) for length in (height, width)))
    return _measured(received, None, perturbation, draw)


def with_factor(kspace: Tensor, factor: Tensor) -> Tensor:
    """k-space (B, coils, y, x) of the same slices and coils, the images multiplied by a factor (B, 1, y, x).

    A background phase is such a factor, of magnitude 1, and so is a shading, which is real.
    """
    return image_to_kspace(kspace_to_image(kspace) * factor)


def _smooth_weighting(coil_images: Tensor, strength: float, draw: _Draw) -> Tensor:
    """A smooth complex factor for each coil, as if the coils lay elsewhere; (B, coils, y, x)."""
    batch, coils, height, width = coil_images.shape
    size = max(height, width)
    coarse = torch.randn(2, batch, coils, 3, 3, generator=draw.generator, device=draw.device)
    magnitude, phase = interpolated(coarse * (strength * draw(0, 1, 1, 1, 1)), size)
    weighting = torch.polar(torch.exp(magnitude), 2 * phase)
    top, left = size // 2 - height // 2, size // 2 - width // 2
    return weighting[..., top : top + height, left : left + width]


def _shuffled(coil_images: Tensor, kept: int, draw: _Draw) -> Tensor:
    """`kept` of the coils in random order for each slice of the batch, of which several in turn may have one array."""
    arrays, coils = coil_images.shape[:2]
    order = draw(0, 1, coils).argsort(1)[:, :kept]
    array = torch.arange(arrays, device=draw.device).repeat_interleave(len(order) // arrays)
    chosen = coil_images.flatten(0, 1).index_select(0, (array[:, None] * coils + order).flatten())
    return chosen.reshape(*order.shape, *coil_images.shape[2:])


def _through_receivers(coil_images: Tensor, perturbation: Perturbation, draw: _Draw) -> Tensor:
    """Each coil with the gain and the phase of a receiver of its own."""
    gain = perturbation.gain ** draw(-1, 1, coil_images.size(1))
    return coil_images * torch.polar(gain, draw(0, 2 * math.pi, coil_images.size(1)))[:, :, None, None]


def _moved(images: Tensor, perturbation: Perturbation, draw: _Draw, *, finer: int = 1) -> Tensor:
    """Rotated, scaled and shifted images, zero outside, interpolated by cubic convolution.

    This keeps what is well below the images' resolution. Of images that `finer` 2 has first interpolated by their
    k-space it keeps all, to 3 % along an axis: a slice that moved by half a pixel is not blurred by that.
    """
    if perturbation.shift == 0 and perturbation.rotation == 0 and perturbation.scaling == 1:
        return images
    batch, coils, height, width = images.shape
    angle = torch.deg2rad(draw(-perturbation.rotation, perturbation.rotation))
    scale = perturbation.scaling ** draw(-1, 1)
    shift = draw(-2 * perturbation.shift, 2 * perturbation.shift, 2)
    cosine, sine = torch.cos(angle) / scale, torch.sin(angle) / scale
    aspect = height / width
    rows = torch.stack(
        [torch.stack([cosine, sine * aspect, shift[:, 0]], 1), torch.stack([-sine / aspect, cosine, shift[:, 1]], 1)], 1
    )
    grid = F.affine_grid(rows, [batch, 2 * coils, height, width], align_corners=False)
    fine = _on_grid(images, finer * height, finer * width)
    # The middle pixels of both grids, n // 2, show one place; grid_sample lays the grids' edges together.
    for axis, (size, fine_size) in enumerate(((width, finer * width), (height, finer * height))):
        grid[..., axis] += (2 * (fine_size // 2) + 1) / fine_size - (2 * (size // 2) + 1) / size
    parts = torch.view_as_real(fine).permute(0, 4, 1, 2, 3).flatten(1, 2)
    moved = F.grid_sample(parts, grid, mode="bicubic", align_corners=False)
    return torch.complex(moved[:, :coils], moved[:, coils:])


def _on_grid(images: Tensor, height: int, width: int) -> Tensor:
    """Images on another grid, by cropping their k-space or by zeros around it; image values keep their size."""
    old_height, old_width = images.shape[2:]
    if (old_height, old_width) == (height, width):
        return images
    kspace = centred_resize(centred_resize(image_to_kspace(images), 2, height), 3, width)
    return kspace_to_image(kspace) * math.sqrt(height * width / (old_height * old_width))


def _noise_of_the_body(sensitivities: Tensor, draw: _Draw) -> Tensor:
    """How the coils' noise is mixed from independent noise, (B, coils, coils).

    Noise comes from currents in the body, which coils that see the same part of it receive together: their covariance
    is that of the sensitivities (Roemer et al. 1990, doi:10.1002/mrm.1910160203), here beside a share of noise of each
    coil's own, and with the same power in every coil.
    """
    coils = sensitivities.size(1)
    coarse = sensitivities[:, :, ::4, ::4].flatten(2)
    covariance = coarse @ coarse.mH
    deviation = torch.diagonal(covariance, dim1=1, dim2=2).real.clamp(min=1e-12).sqrt()
    covariance = covariance / (deviation[:, :, None] * deviation[:, None, :])
    own = draw(0.4, 1.0)[:, None, None]
    covariance = (1 - own) * covariance + own * torch.eye(coils, device=sensitivities.device)
    lower: Tensor = torch.linalg.cholesky_ex(covariance).L  # unchecked: the coils' own share makes it positive definite
    return lower


def _measured(images: Tensor, mixing: Tensor | None, perturbation: Perturbation, draw: _Draw) -> Tensor:
    """k-space of coil images with noise, some lines left out. Without `mixing` the coils' noise is independent."""
    kspace = image_to_kspace(images)
    if perturbation.noise > 0:
        magnitude = torch.view_as_real(images).square().sum(1).sum(3).sqrt()
        bright = magnitude > 0.1 * magnitude.amax((1, 2), keepdim=True)
        mean = (magnitude * bright).sum((1, 2)) / bright.sum((1, 2)).clamp(min=1)
        level = (perturbation.noise / math.sqrt(2)) * draw(0, 1, 1, 1) * mean[:, None, None]  # of each part
        drawn = torch.randn(*kspace.shape, 2, generator=draw.generator, device=draw.device)
        noise = torch.view_as_complex(drawn).flatten(2)  # white in k-space as in the image: the transform is unitary
        noise = level * noise if mixing is None else (level * mixing) @ noise
        kspace += noise.view_as(kspace)
    return kspace.mul_(_measured_lines(images.size(2), perturbation, draw)[:, None, :, None])


def _measured_lines(lines: int, perturbation: Perturbation, draw: _Draw) -> Tensor:
    """1 where a line along y is measured, else 0; (B, lines)."""
    line = torch.arange(lines, device=draw.device)[None]
    centre = (line - lines // 2).abs() <= max(1, round(0.04 * lines))
    factor = 1 + (perturbation.undersampling - 1) * draw(0, 1, 1)
    offset = draw(0, 1, 1)
    step = torch.floor((line + 1) / factor + offset) - torch.floor(line / factor + offset)
    share = 1 - (1 - perturbation.partial_fourier) * draw(0, 1, 1)
    return ((step > 0) | centre).float() * (line < share * lines).float()
