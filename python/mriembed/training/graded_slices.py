"""Simulated slices to train on, and how far any two of a subject are apart."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mriembed.simulation.anatomy import random_anatomy
from mriembed.simulation.contrast import Sequences, random_sequences
from mriembed.simulation.excitation import transmit_field
from mriembed.simulation.slices import LEAST_SPACING, of_unit_energy, simulate_images
from mriembed.simulation.volumes import FARTHEST, LARGEST_FIELD, SMALLEST_FIELD

_LEAST_SPACING, _MOST_SPACING = 1.0, 15.0  # of a subject's slices, in millimetres
_IRREGULAR = 0.3  # of the spacing, by which a slice may lie beside its place
# What a change of contrast counts for, in millimetres: parameters within 10 % or 50 %, a sequence of another kind.
_CHANGES = ((0.1, 1.0), (0.5, 4.0), (None, 10.0))
_NOT_NEAR = 200.0  # millimetres
_PULSE = 1.0  # what variants of a protocol that differ in their pulses count for at least, in millimetres


@dataclass(frozen=True)
class GradedSlices:
    """Slices of some subjects without a background phase; those of a subject follow each other.

    Attributes:
        images: (subjects * slices, 1, size, size) complex64.
        heights: (subjects, slices), positions along the slices' normal in units of half of the field of view.
        coordinates: (subjects * slices, 3), see `mriembed.training.losses`: number of the subject, from 0, position and
            contrast, both in millimetres.
    """

    images: Tensor
    heights: Tensor
    coordinates: Tensor


def volume_slices(
    subjects: int, slices: int, size: int, generator: torch.Generator, *, phantoms: float
) -> GradedSlices:
    """Subjects cut into slices 1 to 15 mm apart, all by one sequence."""
    positions, heights = _places(subjects, slices, generator)
    sequences = _repeated(random_sequences(subjects, generator), slices)
    return _imaged(positions, heights, sequences, torch.zeros_like(positions), size, generator, phantoms)


def contrast_slices(
    subjects: int, slices: int, size: int, generator: torch.Generator, *, phantoms: float
) -> GradedSlices:
    """Subjects of which every second slice repeats the one before it by another contrast, one change a subject."""
    positions, heights = _places(subjects, slices, generator)
    first = torch.arange(slices, device=generator.device) // 2 * 2
    positions, heights = positions[:, first], heights[:, first]
    base = random_sequences(subjects, generator)
    parameters, kind, contrast = [], [], []
    for subject in range(subjects):
        share, apart = _CHANGES[int(torch.randint(len(_CHANGES), (1,), generator=generator, device=generator.device))]
        own = Sequences(base.parameters[:, subject : subject + 1], base.kind[subject : subject + 1])
        changed = own.others(generator) if share is None else own.varied(share, generator)
        for index in range(slices):
            one = changed if index % 2 else own
            parameters.append(one.parameters)
            kind.append(one.kind)
            contrast.append(apart if index % 2 else 0.0)
    sequences = Sequences(torch.cat(parameters, 1), torch.cat(kind))
    contrasts = torch.tensor(contrast, device=generator.device).view(subjects, slices)
    return _imaged(positions, heights, sequences, contrasts, size, generator, phantoms)


def single_slices(
    subjects: int, slices: int, size: int, generator: torch.Generator, *, phantoms: float
) -> GradedSlices:
    """Subjects whose slices have excitations, and some of them contrasts, of their own: each differs from all others.

    Positions are so far apart that no two slices count as near. In the subject they are at least 4 mm apart: slices
    at one place would be near, whatever excites them.
    """
    images = simulate_images(subjects, slices, size, generator, phantoms=phantoms, apart=LEAST_SPACING)
    still = torch.zeros(subjects, slices, device=generator.device)
    apart = _NOT_NEAR * torch.arange(slices, device=generator.device)
    return GradedSlices(images, still, _coordinates(still + apart, still))


def protocol_slices(subjects: int, slices: int, size: int, generator: torch.Generator) -> GradedSlices:
    """Subjects, half of them phantoms, all of whose slices are one, by variants of a protocol: pulses alone differ."""
    images = simulate_images(subjects, slices, size, generator, phantoms=0.5, selective=0.6, variants=1.0)
    still = torch.zeros(subjects, slices, device=generator.device)
    order = torch.rand(subjects, slices, generator=generator, device=generator.device).argsort(1)
    pulses = _PULSE * order.to(still.dtype)  # no two alike: scans by other pulses are told apart, if only just
    return GradedSlices(images, still, _coordinates(still, pulses))


def _places(subjects: int, slices: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Positions in millimetres, increasing from about 0, and heights; (subjects, slices) each."""

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        drawn = torch.rand(subjects, *shape, generator=generator, device=generator.device)
        return low + (high - low) * drawn

    field = SMALLEST_FIELD * (LARGEST_FIELD / SMALLEST_FIELD) ** uniform(0, 1, 1)
    most = (FARTHEST * field / slices).clamp(max=_MOST_SPACING)
    spacing = _LEAST_SPACING * (most / _LEAST_SPACING) ** uniform(0, 1, 1)
    index = torch.arange(slices, device=generator.device)
    positions = spacing * (index + uniform(-_IRREGULAR, _IRREGULAR, slices))
    heights = positions * (2 / field)
    room = (2 * FARTHEST - (heights[:, -1:] - heights[:, :1])) * uniform(0, 1, 1)
    return positions, heights - heights[:, :1] - FARTHEST + room


def _repeated(sequences: Sequences, slices: int) -> Sequences:
    return Sequences(sequences.parameters.repeat_interleave(slices, 1), sequences.kind.repeat_interleave(slices))


def _imaged(
    positions: Tensor,
    heights: Tensor,
    sequences: Sequences,
    contrasts: Tensor,
    size: int,
    generator: torch.Generator,
    phantoms: float,
) -> GradedSlices:
    subjects, slices = positions.shape
    tissue = random_anatomy(subjects, slices, size, generator, phantoms=phantoms, heights=heights)
    signal = sequences.signal(tissue.density, tissue.t1, tissue.t2)
    transmit = transmit_field(heights, size, generator).flatten(0, 1)
    images = of_unit_energy((signal * transmit).to(torch.complex64))
    return GradedSlices(images, heights, _coordinates(positions, contrasts))


def _coordinates(positions: Tensor, contrasts: Tensor) -> Tensor:
    subjects, slices = positions.shape
    subject = torch.arange(subjects, device=positions.device).repeat_interleave(slices)
    return torch.stack([subject.to(positions.dtype), positions.flatten(), contrasts.flatten()], 1)
