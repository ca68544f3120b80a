"""A picture of simulated slices: each as it is, under one of its coils, and scanned again; and of a volume."""

from __future__ import annotations

import io
from pathlib import Path

import torch
from torch import Tensor

from mriembed.atomic_file import write_atomically
from mriembed.errors import InvalidArgumentError
from mriembed.fourier import kspace_to_image
from mriembed.output_file import check_output_file
from mriembed.simulation.acquisition import reacquire
from mriembed.simulation.contrast import random_sequences
from mriembed.simulation.perturbation import SAME_SESSION
from mriembed.simulation.slices import simulate_images, simulate_kspace
from mriembed.simulation.volumes import random_volume

_COILS = 8
_ROWS = ("slice", "one coil", *SAME_SESSION)
_SPACING, _LONGEST = 8.0, 120.0  # of the volume's slices, and of them all together, in millimetres


def write_preview(path: Path, *, seed: int = 0, columns: int = 8, size: int = 128, overwrite: bool = False) -> None:
    """Writes a PNG with a simulated slice in each column; two columns each are slices of one subject.

    The rows are its magnitude, the image of one coil, and the root sum of squares of an acquisition at each level. The
    last row is a volume: parallel slices of one more subject by one sequence, at known distances.

    Raises:
        InvalidArgumentError: Pillow is not installed, the folder does not exist, or the file exists and `overwrite` is
            False.
        OSError: the file cannot be written. What was there stays as it is.
    """
    try:
        from PIL import Image, ImageDraw
    except ImportError:
        raise InvalidArgumentError(f"{path}: drawing needs the package pillow (pip install pillow)") from None
    check_output_file(path, overwrite=overwrite)
    generator = torch.Generator().manual_seed(seed)
    images = simulate_images((columns + 1) // 2, 2, size, generator)[:columns]
    kspace = simulate_kspace(images, _COILS, generator)
    rows = [images.abs()[:, 0], kspace_to_image(kspace).abs()[:, 0]]
    for level in SAME_SESSION.values():
        again = kspace_to_image(reacquire(kspace, level, generator))
        rows.append(again.abs().square().sum(1).sqrt())
    spacing = min(_SPACING, _LONGEST / columns)
    rows.append(_volume(columns, spacing, size, generator))
    sheet = Image.fromarray(torch.cat([_row_of_pixels(row) for row in rows]).numpy())
    draw = ImageDraw.Draw(sheet)
    for index, name in enumerate((*_ROWS, f"volume, {spacing:g} mm")):
        draw.text((3, index * size + 2), name, fill=255)
    file = io.BytesIO()
    sheet.save(file, format="PNG")
    write_atomically(path, file.getvalue())


def _volume(slices: int, spacing: float, size: int, generator: torch.Generator) -> Tensor:
    """Magnitudes of the slices of a volume, (slices, y, x)."""
    volume = random_volume(spacing * torch.arange(slices), size, generator)
    return volume.images(random_sequences(1, generator)).abs()[:, 0]


def _row_of_pixels(magnitudes: Tensor) -> Tensor:
    """(columns, y, x) as one row of grey values; the brightest half per cent of each slice is white."""
    white = torch.quantile(magnitudes.flatten(1), 0.995, dim=1).clamp(min=1e-12)
    grey = (255 * magnitudes / white[:, None, None]).clamp(0, 255).to(torch.uint8)
    return torch.cat(list(grey), dim=1)
