"""The acquisitions of a raw MRD file, read with h5py, as the package `ismrmrd` gives them."""

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray


@dataclass
class Acquisition:
    """What `ismrmrd.Acquisition` has: a header of 340 bytes, and (coils, samples)."""

    head: bytes
    data: NDArray[np.complex64]

    def getHead(self) -> bytes:  # noqa: N802
        return self.head


def acquisitions_of(path: Path) -> tuple[bytes, list[Acquisition]]:
    """The XML header, and the acquisitions in their order."""
    with h5py.File(path) as file:
        lines = []
        for record in file["dataset/data"][:]:
            head = record["head"]
            shape = int(head["active_channels"]), int(head["number_of_samples"])
            lines.append(Acquisition(head.tobytes(), record["data"].view(np.complex64).reshape(shape)))
        return file["dataset/xml"][0], lines
