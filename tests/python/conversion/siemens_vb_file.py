"""A Siemens raw data file of syngo VB, written from the layout of its measurement data headers alone.

The layout is that of sMDH in siemens_to_ismrmrd (https://github.com/ismrmrd/siemens_to_ismrmrd, siemensraw.h): one
measurement without a directory, and in front of the samples of each channel a header of 128 bytes.
"""

import struct
from collections.abc import Sequence
from pathlib import Path

from siemens_file import Line, Measurement, header_bytes

_HEADER_OF_SCANNERS = 12288  # bytes at least: a smaller number there is the directory of syngo VD
_MDH = struct.Struct("<IiIIIQHH14HHHHHfIHH4H4H7fHH")
assert _MDH.size == 128

# Bits of aulEvalInfoMask.
FLAGS = {"ACQEND": 0, "SYNCDATA": 5, "PHASCOR": 21, "PATREFSCAN": 22, "REFLECT": 24, "NOISEADJSCAN": 25}


def _mdh(
    line: Line, number: int, channel: int, channels: int, samples: int, length: int, flags: Sequence[str]
) -> bytes:
    mask = sum(1 << FLAGS[flag] for flag in flags)
    # Line, average, slice, partition, echo, phase, repetition, set, segment and five for programs.
    counters = [line.line, 0, line.slice, line.partition, 0, 0, 0, 0, line.segment, *[0] * 5]
    return _MDH.pack(
        length,
        7,  # lMeasUID
        number,
        0,
        0,
        mask,
        samples,
        channels,
        *counters,
        *line.cut,
        line.center_column,
        0,  # ushCoilSelect
        0.0,
        0,
        line.center_line,
        0,  # ushKSpaceCentrePartitionNo
        *[0] * 8,
        *line.position,
        *line.quaternion,
        channel,
        0,
    )


def write_siemens_vb(path: Path, measurement: Measurement, first_channel: int = 0) -> Path:
    """Writes the measurement, with a block of no samples (SYNCDATA) after its first line.

    Args:
        path: of the file. measurement: what it holds. first_channel: number of the first one.
    """
    content = bytearray(header_bytes(measurement, _HEADER_OF_SCANNERS))
    for number, line in enumerate(measurement.lines, 1):
        channels, samples = line.samples.shape
        length = _MDH.size + 8 * samples
        for channel, row in enumerate(line.samples):
            content += _mdh(line, number, first_channel + channel, channels, samples, length, line.flags)
            content += row.astype("<c8").tobytes()
        if number == 1:
            content += _mdh(line, number, 0, 0, 0, _MDH.size + 96, ("SYNCDATA",)) + bytes(range(96))
    last = measurement.lines[-1]
    content += _mdh(last, len(measurement.lines) + 1, 0, 1, 16, _MDH.size + 128, ("ACQEND",)) + bytes(128)
    path.write_bytes(content.ljust(len(content) + -len(content) % 512, b"\0"))
    return path
