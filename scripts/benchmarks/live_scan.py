"""A scan of random coils as the messages of an MRD v1 stream, for measurements of a server."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.complex64]

_SPACE = (
    "<matrixSize><x>{x}</x><y>{lines}</y><z>{partitions}</z></matrixSize>"
    "<fieldOfView_mm><x>{fov}</x><y>256</y><z>{thickness}</z></fieldOfView_mm>"
)
_HEADER = (
    '<?xml version="1.0"?><ismrmrdHeader xmlns="http://www.ismrm.org/ISMRMRD"><experimentalConditions>'
    "<H1resonanceFrequency_Hz>123000000</H1resonanceFrequency_Hz></experimentalConditions><encoding>"
    "<encodedSpace>{encoded}</encodedSpace><reconSpace>{recon}</reconSpace><encodingLimits><kspace_encoding_step_1>"
    "<minimum>0</minimum><maximum>{last}</maximum><center>{centre}</center></kspace_encoding_step_1>{further}"
    "</encodingLimits>"
    "<trajectory>cartesian</trajectory>{parallel}</encoding></ismrmrdHeader>"
)
_LIMIT = "<{name}><minimum>0</minimum><maximum>{last}</maximum><center>{centre}</center></{name}>"
_PARALLEL = (
    "<parallelImaging><accelerationFactor><kspace_encoding_step_1>{factor}</kspace_encoding_step_1>"
    "<kspace_encoding_step_2>1</kspace_encoding_step_2></accelerationFactor>"
    "<calibrationMode>embedded</calibrationMode></parallelImaging>"
)

_LAST_IN_SLICE = 1 << 7
_CALIBRATION_AND_IMAGING = 1 << 20

CLOSE = struct.pack("<H", 4)


@dataclass(frozen=True)
class LiveScan:
    """A Cartesian scan with twofold readout oversampling, of which every `acceleration`-th line is measured.

    Averages are the outermost loop, the partitions of a slab the next.
    """

    coils: int = 32
    lines: int = 256
    samples: int = 512
    acceleration: int = 1
    calibration: int = 24  # central lines that are all measured
    averages: int = 1
    partitions: int = 1  # 1: a 2D scan

    def measured(self) -> list[int]:
        """The lines of a slice, in their order."""
        return [line for line in range(self.lines) if line % self.acceleration == 0 or self._calibrates(line)]

    def steps(self) -> Iterator[tuple[int, int, int]]:
        """Line, partition and average of each readout of a slice or slab."""
        for average in range(self.averages):
            for partition in range(self.partitions):
                for line in self.measured():
                    yield line, partition, average

    def _calibrates(self, line: int) -> bool:
        return -(self.calibration // 2) <= line - self.lines // 2 < self.calibration - self.calibration // 2

    def beginning(self) -> bytes:
        """A configuration and the header."""
        volume = {"lines": self.lines, "partitions": self.partitions, "thickness": 5 * self.partitions}
        further = _LIMIT.format(name="average", last=self.averages - 1, centre=0)
        if self.partitions > 1:
            name = "kspace_encoding_step_2"
            further += _LIMIT.format(name=name, last=self.partitions - 1, centre=self.partitions // 2)
        xml = _HEADER.format(
            encoded=_SPACE.format(x=self.samples, fov=512, **volume),
            recon=_SPACE.format(x=self.samples // 2, fov=256, **volume),
            last=self.lines - 1,
            centre=self.lines // 2,
            further=further,
            parallel=_PARALLEL.format(factor=self.acceleration) if self.acceleration > 1 else "",
        ).encode()
        return struct.pack("<H", 1) + b"live".ljust(1024, b"\0") + struct.pack("<HI", 3, len(xml)) + xml

    def slice_samples(self, seed: int = 0) -> Samples:
        """(lines, coils, samples): noise whose energy falls from the centre, as that of an image does."""
        generator = np.random.default_rng(seed)
        shape = (self.lines, self.coils, self.samples)
        noise = generator.standard_normal(shape, np.float32) + 1j * generator.standard_normal(shape, np.float32)
        y, x = np.arange(self.lines) - self.lines // 2, np.arange(self.samples) - self.samples // 2
        envelope = 1 / (1 + (y[:, None, None] / 6) ** 2 + (x[None, None, :] / 6) ** 2)
        return (noise * envelope).astype(np.complex64)

    def readout(self, samples: Samples, line: int, slice_number: int, *, partition: int = 0, average: int = 0) -> bytes:
        """The message of one acquisition of (coils, samples); of a slab, less farther from the middle along z."""
        head = bytearray(340)
        struct.pack_into("<H", head, 0, 1)
        if self.acceleration > 1:
            flags = _CALIBRATION_AND_IMAGING if self._calibrates(line) else 0
            flags |= _LAST_IN_SLICE if line == self.measured()[-1] else 0
            struct.pack_into("<Q", head, 2, flags)
        struct.pack_into("<HHH", head, 34, self.samples, self.coils, self.coils)
        struct.pack_into("<H", head, 172, self.samples // 2)
        struct.pack_into("<HHHH", head, 242, line, partition, average, slice_number)
        scaled: Samples = samples * np.float32(1 / (1 + abs(partition - self.partitions // 2)))
        return struct.pack("<H", 1008) + bytes(head) + scaled.tobytes()
