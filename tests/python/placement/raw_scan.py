"""A raw scan as MRD describes it, and its HDF5 file, written from the format's documentation alone.

Names and meanings are those of https://ismrmrd.readthedocs.io (mrd_header, mrd_raw_data).
"""

from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from small_scans import ACQUISITION

# Bits of an acquisition's flags; the documentation numbers them from 1.
NOISE = 1 << 18
CALIBRATION = 1 << 19
CALIBRATION_AND_IMAGING = 1 << 20
REVERSE = 1 << 21
NAVIGATION = 1 << 22
PHASE_CORRECTION = 1 << 23
FEEDBACK = 1 << 25
DUMMY = 1 << 26


@dataclass(frozen=True)
class Space:
    """An encoded or reconstructed space: matrix and field of view (mm) along x, y, z."""

    matrix: tuple[int, int, int]
    fov: tuple[float, float, float]


@dataclass(frozen=True)
class Limits:
    """An encoding limit."""

    minimum: int
    maximum: int
    center: int


@dataclass(frozen=True, eq=False)
class Readout:
    """One acquisition. samples: (coils, number_of_samples)."""

    samples: NDArray[np.complex64]
    center_sample: int = 0
    discard_pre: int = 0
    discard_post: int = 0
    flags: int = 0
    step_1: int = 0
    step_2: int = 0
    average: int = 0
    slice: int = 0
    contrast: int = 0
    repetition: int = 0
    set: int = 0
    segment: int = 0
    position: tuple[float, float, float] = (0, 0, 0)
    normal: tuple[float, float, float] = (0, 0, 1)
    sample_time: float = 5  # microseconds
    time_stamp: int = 0  # ticks of 2.5 ms, as Siemens' scanners count
    encoding_space: int = 0


@dataclass(frozen=True, eq=False)
class RawScan:
    """A file's header and its acquisitions in the order of the file."""

    encoded: Space
    recon: Space
    limits_1: Limits | None
    limits_2: Limits | None
    readouts: list[Readout] = field(default_factory=list)
    acceleration: int = 1
    calibration_mode: str = ""
    trajectory: str = "cartesian"
    trajectory_times: dict[str, float] = field(default_factory=dict)  # parameters of a trajectory description
    encoding_spaces: int = 1  # so many equal ones
    coil_names: tuple[str, ...] = ()  # of channels 0, 1, ...
    calibration_space: tuple[Space, Limits] | None = None  # a Cartesian one behind the others


def _space(name: str, space: Space) -> str:
    def triple(tag: str, values: tuple[float, float, float]) -> str:
        return (
            f"<{tag}>"
            + "".join(f"<{axis}>{value}</{axis}>" for axis, value in zip("xyz", values, strict=True))
            + f"</{tag}>"
        )

    return f"<{name}>{triple('matrixSize', space.matrix)}{triple('fieldOfView_mm', space.fov)}</{name}>"


def _limits(name: str, limits: Limits | None) -> str:
    if limits is None:
        return ""
    return (
        f"<{name}><minimum>{limits.minimum}</minimum><maximum>{limits.maximum}</maximum>"
        f"<center>{limits.center}</center></{name}>"
    )


def header_of(scan: RawScan) -> str:
    """The XML header."""
    parallel = ""
    if scan.acceleration > 1:
        parallel = (
            f"<parallelImaging><accelerationFactor><kspace_encoding_step_1>{scan.acceleration}</kspace_encoding_step_1>"
            "<kspace_encoding_step_2>1</kspace_encoding_step_2></accelerationFactor>"
            f"<calibrationMode>{scan.calibration_mode}</calibrationMode></parallelImaging>"
        )
    description = ""
    if scan.trajectory_times:
        parameters = "".join(
            f"<userParameter{kind}><name>{name}</name><value>{value}</value></userParameter{kind}>"
            for name, value in scan.trajectory_times.items()
            for kind in ("Long" if isinstance(value, int) else "Double",)
        )
        description = (
            f"<trajectoryDescription><identifier>ConventionalEPI</identifier>{parameters}</trajectoryDescription>"
        )
    encoding = (
        _space("encodedSpace", scan.encoded)
        + _space("reconSpace", scan.recon)
        + "<encodingLimits>"
        + _limits("kspace_encoding_step_1", scan.limits_1)
        + _limits("kspace_encoding_step_2", scan.limits_2)
        + f"</encodingLimits><trajectory>{scan.trajectory}</trajectory>{description}{parallel}"
    )
    calibration = ""
    if scan.calibration_space is not None:
        space, limits = scan.calibration_space
        calibration = (
            f"<encoding>{_space('encodedSpace', space)}{_space('reconSpace', space)}<encodingLimits>"
            f"{_limits('kspace_encoding_step_1', limits)}</encodingLimits><trajectory>cartesian</trajectory></encoding>"
        )
    labels = "".join(
        f"<coilLabel><coilNumber>{number}</coilNumber><coilName>{name}</coilName></coilLabel>"
        for number, name in enumerate(scan.coil_names)
    )
    system = f"<acquisitionSystemInformation>{labels}</acquisitionSystemInformation>" if labels else ""
    return (
        f'<?xml version="1.0"?>\n<ismrmrdHeader xmlns="http://www.ismrm.org/ISMRMRD">{system}<experimentalConditions>'
        "<H1resonanceFrequency_Hz>123000000</H1resonanceFrequency_Hz></experimentalConditions>"
        + scan.encoding_spaces * f"<encoding>{encoding}</encoding>"
        + calibration
        + "</ismrmrdHeader>"
    )


def write_raw_scan(path: Path, scan: RawScan) -> None:
    """Writes the scan as an MRD HDF5 file."""
    lines = np.zeros(len(scan.readouts), ACQUISITION)
    for line, readout in zip(lines, scan.readouts, strict=True):
        coils, samples = readout.samples.shape
        head = line["head"]
        head["version"] = 1
        head["flags"] = readout.flags
        head["number_of_samples"] = samples
        head["available_channels"] = head["active_channels"] = coils
        head["discard_pre"], head["discard_post"] = readout.discard_pre, readout.discard_post
        head["center_sample"] = readout.center_sample
        head["sample_time_us"] = readout.sample_time
        head["acquisition_time_stamp"] = readout.time_stamp
        head["encoding_space_ref"] = readout.encoding_space
        head["read_dir"], head["phase_dir"] = np.eye(3)[:2]
        head["position"], head["slice_dir"] = readout.position, readout.normal
        index = head["idx"]
        index["kspace_encode_step_1"], index["kspace_encode_step_2"] = readout.step_1, readout.step_2
        for name in ("average", "slice", "contrast", "repetition", "set", "segment"):
            index[name] = getattr(readout, name)
        line["data"] = np.ascontiguousarray(readout.samples, np.complex64).view(np.float32).ravel()
        line["traj"] = np.zeros(0, np.float32)
    with h5py.File(path, "w") as file:
        group = file.create_group("dataset")
        group.create_dataset(
            "xml", data=np.array([header_of(scan).encode()], dtype=h5py.string_dtype()), maxshape=(None,)
        )
        group.create_dataset("data", data=lines, maxshape=(None,))
