"""From Siemens raw data (.dat) to an MRD file."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mriembed.atomic_file import cannot_be_written, whole_file
from mriembed.conversion.siemens_header import Protocol, header_of
from mriembed.conversion.siemens_lines import acquisition_of, extent_of, imaging_lines, limits_of, lines_of, noise_lines
from mriembed.errors import BadInputError, InvalidArgumentError
from mriembed.output_file import check_output_file


@dataclass(frozen=True)
class Converted:
    """What was written.

    Attributes:
        acquisitions: of the scan. noise: noise lines, of the scan or of a measurement before it.
        left_out: earlier measurements of the file that hold no noise lines: adjustments, as a rule.
        warnings: what may make the image another one than the scanner's, a line each.
    """

    acquisitions: int
    noise: int
    left_out: int
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Group:
    """What a group of an MRD file holds."""

    header: Any  # xsd.ismrmrdHeader
    acquisitions: list[Any]  # ismrmrd.Acquisition


def convert(source: Path, target: Path, *, overwrite: bool = False) -> Converted:
    """Writes the last measurement of a Siemens file, which is the scan, as the group "dataset" of an MRD file.

    Noise lines of the measurements before it become groups of their own, as which `mriembed_cli` takes them for the
    scan. Samples stay as they are. The target appears once it is whole.

    Args:
        source: raw data of syngo VB, VD or later.
        target: file to write.
        overwrite: replace an existing file.

    Raises:
        BadInputError: the source is no such file, its protocol lacks what places samples, or its slices are collapsed
            (multiband).
        InvalidArgumentError: twixtools or ismrmrd is not installed; the target exists, is the source, or lies in a
            folder that does not exist.
        OSError: the target cannot be written. A file already there then stays as it is.
    """
    try:
        import ismrmrd  # noqa: F401  (both are used below: asked for here, so that all that is missing is said at once)
        import twixtools  # noqa: F401
    except ImportError as error:
        raise InvalidArgumentError(
            f'converting needs more packages: pip install "mriembed[convert]" ({error.name} is missing)'
        ) from None
    check_output_file(target, inputs=[source], overwrite=overwrite)
    measurements = [measurement for measurement in _measurements(source) if lines_of(measurement)]
    if not measurements:
        raise BadInputError(f"{source}: it holds no lines")
    scan, warnings = _scan(measurements[-1], source)
    groups = {"dataset": scan}
    noise = len(noise_lines(lines_of(measurements[-1])))
    left_out = 0
    for number, measurement in enumerate(measurements[:-1], 1):
        lines = noise_lines(lines_of(measurement))
        if lines:
            groups[f"noise_{number}"] = _noise(measurement, lines)
            noise += len(lines)
        else:
            left_out += 1
    _write(groups, target)
    return Converted(len(scan.acquisitions), noise, left_out, warnings)


def _largest_size(groups: Iterable[_Group]) -> int:
    """Bytes of a file with these groups at most, to be sure of them before: on a full disk HDF5 ends the process."""
    headers = 512  # of an acquisition, MRD's and HDF5's
    everything_else = 1 << 20  # of a group
    return sum(
        everything_else + sum(acquisition.data.nbytes + headers for acquisition in group.acquisitions)
        for group in groups
    )


def _write(groups: Mapping[str, _Group], target: Path) -> None:
    import ismrmrd

    with whole_file(target) as temporary:
        try:
            with temporary.open("rb+") as file:
                os.posix_fallocate(file.fileno(), 0, _largest_size(groups.values()))
        except OSError as error:
            raise cannot_be_written(target, error) from None
        try:
            with ismrmrd.File(temporary, "w") as file:
                for name, content in groups.items():
                    group = file[name]
                    group.header = content.header
                    group.acquisitions = content.acquisitions
        except (OSError, RuntimeError) as error:  # h5py raises either on a full disk
            reason = " ".join(str(error).split())
            raise OSError(
                getattr(error, "errno", None), f"cannot be written: HDF5 says: {reason}", str(target)
            ) from None


def _measurements(source: Path) -> list[Any]:
    import twixtools

    if not source.is_file():
        raise BadInputError(f"{source}: there is no such file")
    said = io.StringIO()  # twixtools prints what it does not like
    try:
        with contextlib.redirect_stdout(said):
            found: list[Any] = twixtools.read_twix(
                str(source), parse_pmu=False, parse_geometry=False, keep_syncdata=False, verbose=False
            )
    except Exception as error:
        # It takes what it reads for sizes without a look, and fails in any way on what is no raw data.
        raise BadInputError(f"{source}: no Siemens raw data (.dat), or damaged; twixtools says: {error}") from None
    for line in said.getvalue().splitlines():
        if line.startswith("WARNING: ") and "raidfile_hdr" not in line:  # which only lacks a length, found otherwise
            reason = line.removeprefix("WARNING: ")
            raise BadInputError(f"{source}: no Siemens raw data (.dat), or damaged; twixtools says: {reason}")
    size = source.stat().st_size
    for measurement in found:
        if any(block.mem_pos + block.dma_len > size for block in lines_of(measurement)):  # VB: samples are read later
            raise BadInputError(f"{source}: damaged: it ends within a line")
    return found


def _scan(measurement: Any, source: Path) -> tuple[_Group, tuple[str, ...]]:  # noqa: ANN401
    """The scan, and warnings."""
    protocol, lines = Protocol(measurement["hdr"]), lines_of(measurement)
    imaging = imaging_lines(lines)
    if not imaging:
        raise BadInputError(f"{source}: its last measurement holds no line of an image")
    extent = extent_of(imaging)
    try:
        described = protocol.describes(extent)
        header = header_of(
            protocol,
            extent,
            limits_of(imaging, "Lin", "CenterLin"),
            limits_of(imaging, "Par", "CenterPar"),
            int(imaging[0].mdh.UsedChannels),
        )
    except BadInputError as error:
        raise BadInputError(f"{source}: {error}") from None
    scan = _Group(header, [acquisition_of(line, protocol.dwell_time_us) for line in lines])
    if described:
        return scan, ()
    matrix = " x ".join(map(str, protocol.matrix))
    return scan, (
        f"the protocol's matrix of {matrix} is not that of the lines ({extent.samples} samples, {extent.lines} lines), "
        "as with users' own sequences: theirs is taken, without oversampling, with the protocol's field of view",
    )


def _noise(measurement: Any, lines: list[Any]) -> _Group:  # noqa: ANN401
    """Noise lines of a measurement before the scan; of its header, what serves the readers of MRD."""
    from ismrmrd import xsd

    protocol = Protocol(measurement["hdr"])
    identity = int(protocol.number("Meas", "MeasUID", default=0))
    samples = max(int(line.mdh.SamplesInScan) for line in lines)
    space = xsd.encodingSpaceType(
        matrixSize=xsd.matrixSizeType(x=samples, y=1, z=1), fieldOfView_mm=xsd.fieldOfViewMm(x=1, y=1, z=1)
    )
    header = xsd.ismrmrdHeader(
        measurementInformation=xsd.measurementInformationType(
            measurementID=str(identity) if identity > 0 else None, patientPosition=xsd.patientPositionType.HFS
        ),
        experimentalConditions=xsd.experimentalConditionsType(H1resonanceFrequency_Hz=0),
        encoding=[
            xsd.encodingType(
                encodedSpace=space,
                reconSpace=space,
                encodingLimits=xsd.encodingLimitsType(),
                trajectory=xsd.trajectoryType.CARTESIAN,
            )
        ],
    )
    return _Group(header, [acquisition_of(line, protocol.dwell_time_us) for line in lines])
