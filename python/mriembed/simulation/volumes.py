"""Bodies with slices at known positions, in millimetres."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mriembed.simulation.anatomy import Anatomy, random_anatomy
from mriembed.simulation.contrast import Sequences
from mriembed.simulation.excitation import transmit_field
from mriembed.simulation.slices import of_unit_energy

SMALLEST_FIELD, LARGEST_FIELD = 200.0, 320.0  # of view, in millimetres: heads to trunks
FARTHEST = 0.6  # from the subject's middle that a slice lies, in units of half of the field of view


@dataclass(frozen=True)
class Volume:
    """One subject, cut at known positions. Anatomy, texture and transmit field are coherent from slice to slice.

    Attributes:
        field_of_view: of a slice, in millimetres.
        positions: (slices,), along the slices' normal, in millimetres from the first position asked for.
        heights: (1, slices), the same from the body's middle, in units of half of the field of view.
        anatomy: (slices, size, size) each.
        transmit: (slices, size, size), a shading by the transmit field, which lies in the scanner: it does not tilt.
    """

    field_of_view: float
    positions: Tensor
    heights: Tensor
    anatomy: Anatomy
    transmit: Tensor

    def images(self, sequences: Sequences, flip_angles: Tensor | None = None) -> Tensor:
        """Images of all slices, (slices, 1, size, size) complex64, without a background phase.

        Args:
            sequences: one for all slices, or one for each.
            flip_angles: (slices, size, size), relative to the nominal ones, see `Sequences.signal`. None: nominal.
        """
        tissue = self.anatomy
        signal = sequences.signal(tissue.density, tissue.t1, tissue.t2, flip_angles)
        return of_unit_energy((signal * self.transmit).to(torch.complex64))

    def part(self, chosen: slice) -> Volume:
        """The same subject with some of its slices."""
        tissue = self.anatomy
        return Volume(
            self.field_of_view,
            self.positions[chosen],
            self.heights[:, chosen],
            Anatomy(tissue.density[chosen], tissue.t1[chosen], tissue.t2[chosen]),
            self.transmit[chosen],
        )


def random_volume(
    positions: Tensor, size: int, generator: torch.Generator, *, directions: Tensor | None = None
) -> Volume:
    """Draws a subject and cuts it.

    Args:
        positions: (slices,), in millimetres, the first one the smallest; all lie within 120 mm.
        size: pixels of a side.
        generator: of the positions' device.
        directions: (slices, 2, 3), axes of slices that are tilted about their middle, see `tilted_directions`. None:
            the slices are parallel. The subject is the same one either way.
    """
    drawn = torch.rand(2, generator=generator, device=generator.device)
    field_of_view = SMALLEST_FIELD * (LARGEST_FIELD / SMALLEST_FIELD) ** float(drawn[0])
    heights = (positions - positions.amin()) * (2 / field_of_view)
    room = (2 * FARTHEST - float(heights.amax())) * float(drawn[1])
    heights = (heights - FARTHEST + room)[None]
    anatomy = random_anatomy(
        1,
        len(positions),
        size,
        generator,
        phantoms=0.0,
        heights=heights,
        directions=None if directions is None else directions[None],
    )
    return Volume(field_of_view, positions, heights, anatomy, transmit_field(heights, size, generator)[0])
