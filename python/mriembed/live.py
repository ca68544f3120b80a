"""Embeddings of a scan while it is measured, for MRD servers in Python.

Three lines embed a scan in a module of such a server::

    from mriembed import Embedder, live
    ...
    for row in live.embeddings(embedder, header, acquisitions):
        print(row.label, row.embedding)

`mriembed_cli serve` is a whole server without Python.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from mriembed._scans import LiveScan as _LiveScan
from mriembed.embedder import Embedder

if TYPE_CHECKING:
    from typing_extensions import Buffer


class Acquisition(Protocol):
    """One readout of all coils, as the package `ismrmrd` has it (`ismrmrd.Acquisition`)."""

    data: NDArray[np.complex64]
    """(coils, samples)."""

    def getHead(self) -> Buffer:  # noqa: N802
        """The ISMRMRD_AcquisitionHeader, an object whose bytes() are its 340 bytes. The name comes from ismrmrd."""


@dataclass(frozen=True)
class SliceLabel:
    """Where a slice stands in its scan, by MRD's counters.

    Attributes:
        partition: of a slab; 0 in 2D.
        position_mm: of the slice's middle (left, posterior, head); None where the acquisitions do not say it.
    """

    slice: int
    contrast: int
    phase: int
    repetition: int
    set: int
    partition: int
    position_mm: tuple[float, float, float] | None


@dataclass(frozen=True, eq=False)
class LiveSlice:
    """One complete slice of k-space.

    Attributes:
        kspace: (coils, y, x) complex64, as measured: neither prewhitened nor without oversampling.
        noise_covariance: (coils, coils) complex128, of the scan's noise lines; None: no prewhitening.
        readout_width: pixels of x that remain without readout oversampling; None: there is none.
        phase_height: pixels of y that remain without phase oversampling; None: there is none.
        pixel_aspect: height of a pixel over its width.
    """

    label: SliceLabel
    kspace: NDArray[np.complex64]
    noise_covariance: NDArray[np.complex128] | None
    readout_width: int | None
    phase_height: int | None
    pixel_aspect: float

    def embed(self, embedder: Embedder) -> NDArray[np.float32]:
        """The embedding, (embed_dim,): the same bits as `mriembed_cli embed` gives of the same scan in a file."""
        rows = embedder.embed_kspace(
            self.kspace[None], self.noise_covariance, self.readout_width, self.phase_height, self.pixel_aspect
        )
        embedding: NDArray[np.float32] = rows[0]
        return embedding


@dataclass(frozen=True, eq=False)
class LiveRow:
    """A slice's embedding, (embed_dim,) float32 of norm 1, and which slice it is of."""

    label: SliceLabel
    embedding: NDArray[np.float32]


class LiveScan:
    """A raw MRD scan while it is measured: acquisitions in, slices out as soon as they are complete.

    A slice is complete when all lines inside the header's encoding limits have arrived, as often as the limit of
    averages says; an accelerated slice with ACS lines at its line flagged LAST_IN_SLICE; all others at the end
    of the scan. One thread at a time may use an object.
    """

    def __init__(self, header: str | bytes, *, prewhiten: bool = True, allow_undersampled: bool = False) -> None:
        """Raises BadInputError for a header of a scan that cannot be placed, as the methods do for acquisitions.

        Args:
            header: the XML header of the scan.
            prewhiten: by the scan's own noise lines; False where the scanner has prewhitened the data.
            allow_undersampled: take lines that were not acquired as zero, where there are no ACS lines.
        """
        self._scan = _LiveScan(header.encode() if isinstance(header, str) else header, prewhiten, allow_undersampled)

    def add(self, acquisition: Acquisition) -> list[LiveSlice]:
        """Takes one acquisition of any kind; returns the slices that it completes, most often none."""
        self._scan.add(bytes(acquisition.getHead()), acquisition.data)
        return list(self._slices())

    def end(self) -> list[LiveSlice]:
        """Ends the scan and returns the remaining slices, without the unfinished ones."""
        self._scan.end()
        return list(self._slices())

    def take_warnings(self) -> list[str]:
        """New warnings about what may have changed the embeddings, one line each."""
        return self._scan.take_warnings()

    def _slices(self) -> Iterator[LiveSlice]:
        while (kspace := self._scan.next()) is not None:
            scan = self._scan
            position = scan.position_mm
            label = SliceLabel(
                slice=scan.slice,
                contrast=scan.contrast,
                phase=scan.phase,
                repetition=scan.repetition,
                set=scan.set,
                partition=scan.partition,
                position_mm=None if position is None else (position[0], position[1], position[2]),
            )
            yield LiveSlice(
                label=label,
                kspace=kspace,
                noise_covariance=scan.noise_covariance,
                readout_width=scan.readout_width or None,
                phase_height=scan.phase_height or None,
                pixel_aspect=scan.pixel_aspect,
            )


def embeddings(
    embedder: Embedder,
    header: str | bytes,
    acquisitions: Iterable[Acquisition],
    *,
    prewhiten: bool = True,
    allow_undersampled: bool = False,
) -> Iterator[LiveRow]:
    """Embeds each slice of a scan as soon as it is whole.

    Args:
        acquisitions: of one scan, in the order of their measurement; what iterates over a connection will do.

    Others are those of `LiveScan`. Raises what `LiveScan` and `Embedder.embed_kspace` raise.
    """
    scan = LiveScan(header, prewhiten=prewhiten, allow_undersampled=allow_undersampled)
    for acquisition in acquisitions:
        for part in scan.add(acquisition):
            yield LiveRow(part.label, part.embed(embedder))
    for part in scan.end():
        yield LiveRow(part.label, part.embed(embedder))
