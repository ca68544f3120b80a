"""A Siemens raw data file as a scanner writes it, by twixtools' own writer."""

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import twixtools
from numpy.typing import NDArray
from twixtools.mdb import Mdb_local


@dataclass(frozen=True, eq=False)
class Line:
    """One readout. samples: (coils, samples)."""

    samples: NDArray[np.complex64]
    center_column: int = 0
    line: int = 0
    partition: int = 0
    slice: int = 0
    center_line: int = 0
    segment: int = 0
    flags: tuple[str, ...] = ()
    cut: tuple[int, int] = (0, 0)
    position: tuple[float, float, float] = (0, 0, 0)
    quaternion: tuple[float, float, float, float] = (1, 0, 0, 0)


@dataclass(frozen=True, eq=False)
class Measurement:
    """A protocol and its lines. protocol: "sKSpace.ucTrajectory" and so on; meas, dicom: by name."""

    lines: list[Line]
    protocol: dict[str, object] = field(default_factory=dict)
    meas: dict[str, object] = field(default_factory=dict)
    dicom: dict[str, object] = field(default_factory=dict)


def _parameters(values: dict[str, object]) -> str:
    text = '<XProtocol>\n{\n  <Name> "x"\n'
    for name, value in values.items():
        kind = "String" if isinstance(value, str) else "Double" if isinstance(value, float) else "Long"
        shown = f'"{value}"' if isinstance(value, str) else str(value)
        text += f'  <Param{kind}."{name}">\n  {{\n    {shown}\n  }}\n'
    return text + "}\n"


def header_bytes(measurement: Measurement, least: int = 0) -> bytes:
    """The header of a measurement, of at least so many bytes."""
    lines = "".join(f"{name}\t = \t{value}\n" for name, value in measurement.protocol.items())
    parts = {
        "Config": _parameters({"tPatientName": "Doe^Jane", "MeasUID": 7}),
        "Dicom": _parameters({"tPatientName": "Doe^Jane", **measurement.dicom}),
        "Meas": _parameters({"PatientID": "4711", **measurement.meas}),
        "MeasYaps": f"### ASCCONV BEGIN ###\n{lines}### ASCCONV END ###\n",
    }
    body = b"".join(
        name.encode() + b"\0" + struct.pack("<I", len(text)) + text.encode("latin1") for name, text in parts.items()
    )
    length = max(8 + len(body), least)
    length += -length % 64
    return (struct.pack("<II", length, len(parts)) + body).ljust(length, b"\0")


def _block(line: Line) -> Any:  # noqa: ANN401
    block = Mdb_local(line.samples)
    head = block.mdh
    head.CenterCol, head.CenterLin, head.CutOff.Pre, head.CutOff.Post = line.center_column, line.center_line, *line.cut
    head.Counter.Lin, head.Counter.Par, head.Counter.Sli = line.line, line.partition, line.slice
    head.Counter.Seg = line.segment
    for axis, value in zip(("Sag", "Cor", "Tra"), line.position, strict=True):
        setattr(head.SliceData.SlicePos, axis, value)
    head.SliceData.Quaternion[:] = line.quaternion
    for flag in line.flags:
        block.add_flag(flag)
    return block


def write_siemens(path: Path, *measurements: Measurement) -> Path:
    """Writes the measurements, of which the last one is the scan."""
    scans = [
        {"hdr_str": np.frombuffer(header_bytes(each), "S1"), "mdb": [_block(line) for line in each.lines]}
        for each in measurements
    ]
    path.unlink(missing_ok=True)
    twixtools.write_twix(scans, str(path))
    return path
