"""Raw scans in the order in which scanners measure: as messages, and as the HDF5 file of the same acquisitions."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from mrd_codec import (
    ACQUISITION_HEAD,
    CALIBRATION,
    CALIBRATION_AND_IMAGING,
    FIRST_IN_SLICE,
    HEADER,
    LAST_IN_SLICE,
    NAVIGATION,
    NOISE,
    acquisition,
    acquisition_head,
    acquisition_samples,
    close,
    text,
)

LINES, WIDTH, COILS, PARTITIONS = 32, 64, 4, 4  # twofold oversampling of the readout
FIELD = 240.0  # of view, mm
Kspace = NDArray[np.complex64]
Steps = dict[str, tuple[int, int, int]]  # minimum, maximum, center of each counter

_FLOATS = h5py.vlen_dtype(np.float32)
_ACQUISITION = np.dtype([("head", ACQUISITION_HEAD), ("traj", _FLOATS), ("data", _FLOATS)])


@dataclass(frozen=True, eq=False)
class Scan:
    """A header, and acquisition messages in the order of time."""

    xml: str
    lines: list[bytes]

    def session(self) -> bytes:
        """From the header to CLOSE."""
        return b"".join([text(self.xml, HEADER), *self.lines, close()])

    def write(self, path: Path) -> Path:
        """The HDF5 file of the same acquisitions."""
        rows = np.zeros(len(self.lines), _ACQUISITION)
        for row, line in zip(rows, self.lines, strict=True):
            row["head"] = acquisition_head(line)
            row["data"] = acquisition_samples(line).view(np.float32).ravel()
            row["traj"] = np.frombuffer(line[342 : len(line) - 4 * len(row["data"])], "<f4")
        with h5py.File(path, "w") as file:
            xml = np.array([self.xml.encode()], dtype=h5py.string_dtype())
            file.create_dataset("dataset/xml", data=xml, maxshape=(None,))
            file.create_dataset("dataset/data", data=rows, maxshape=(None,))
        return path

    def of_slice(self, index: int) -> list[bytes]:
        return [line for line in self.lines if acquisition_head(line)["idx"]["slice"] == index]


def scan_of(path: Path) -> Scan:
    """The scan in an HDF5 file."""
    with h5py.File(path) as file:
        xml, rows = file["dataset/xml"][0], file["dataset/data"][:]
    lines = []
    for row in rows:
        head = row["head"]
        coils, samples = int(head["active_channels"]), int(head["number_of_samples"])
        dimensions = int(head["trajectory_dimensions"])
        trajectory = np.asarray(row["traj"], np.float32).reshape(samples, dimensions) if dimensions else None
        fields = {name: head[name] for name in head.dtype.names if name not in ("idx", "trajectory_dimensions")}
        index = {name: head["idx"][name] for name in head["idx"].dtype.names}
        line = acquisition(
            np.asarray(row["data"], np.float32).view(np.complex64).reshape(coils, samples),
            trajectory,
            **fields,
            **index,
        )
        lines.append(line)
    return Scan(xml.decode() if isinstance(xml, bytes) else xml, lines)


def header(
    steps: Steps,
    *,
    matrix: tuple[int, int, int] = (WIDTH, LINES, 1),
    recon: tuple[int, int, int] = (WIDTH // 2, LINES, 1),
    acceleration: int = 1,
    calibration: str = "embedded",
    measurement: str = "",
    noise: str = "",
) -> str:
    """An XML header. measurement: its ID; noise: the ID of the noise measurement that it depends on."""

    def space(name: str, sizes: tuple[int, int, int], width: float) -> str:
        fov = (width, FIELD, 5.0 * sizes[2])
        return (
            f"<{name}><matrixSize>{_triple(sizes)}</matrixSize><fieldOfView_mm>{_triple(fov)}</fieldOfView_mm></{name}>"
        )

    information = parallel = ""
    if measurement or noise:
        depends = (
            "<measurementDependency><dependencyType>Noise</dependencyType>"
            f"<measurementID>{noise}</measurementID></measurementDependency>"
        )
        own = f"<measurementID>{measurement}</measurementID>" if measurement else ""
        information = (
            f"<measurementInformation>{own}<patientPosition>HFS</patientPosition>{depends if noise else ''}"
            "</measurementInformation>"
        )
    if acceleration > 1:
        parallel = (
            f"<parallelImaging><accelerationFactor><kspace_encoding_step_1>{acceleration}</kspace_encoding_step_1>"
            "<kspace_encoding_step_2>1</kspace_encoding_step_2></accelerationFactor>"
            f"<calibrationMode>{calibration}</calibrationMode></parallelImaging>"
        )
    limits = "".join(
        f"<{name}><minimum>{least}</minimum><maximum>{most}</maximum><center>{center}</center></{name}>"
        for name, (least, most, center) in steps.items()
    )
    return (
        '<?xml version="1.0"?>\n<ismrmrdHeader xmlns="http://www.ismrm.org/ISMRMRD">'
        f"{information}<experimentalConditions><H1resonanceFrequency_Hz>123000000</H1resonanceFrequency_Hz>"
        f"</experimentalConditions><encoding>{space('encodedSpace', matrix, 2 * FIELD)}"
        f"{space('reconSpace', recon, FIELD)}<encodingLimits>{limits}</encodingLimits>"
        f"<trajectory>cartesian</trajectory>{parallel}</encoding></ismrmrdHeader>"
    )


def _triple(values: Iterable[float]) -> str:
    return "".join(f"<{axis}>{value}</{axis}>" for axis, value in zip("xyz", values, strict=True))


def kspace(seed: int, *, coils: int = COILS, partitions: int = 1, lines: int = LINES) -> Kspace:
    """(coils, partitions, lines, samples) of some blobs that lie otherwise for each seed, and a little noise."""
    random = np.random.default_rng(seed)
    z, y, x = np.meshgrid(*(np.linspace(-1, 1, size) for size in (partitions, lines, WIDTH // 2)), indexing="ij")
    picture = np.where((x / 0.8) ** 2 + (y / 0.7) ** 2 < 1, 1.0, 0)
    for _ in range(4):
        at = random.uniform(-0.5, 0.5, 3)
        picture += random.uniform(0.3, 1) * np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2 + (z - at[2]) ** 2) / 0.05)
    angles = 2 * np.pi * np.arange(coils) / coils
    seen = np.stack(
        [picture * np.exp(-((x - np.cos(a)) ** 2 + (y - np.sin(a)) ** 2) / 2 + 1j * (a + x * y)) for a in angles]
    )
    wide = np.pad(seen, ((0, 0), (0, 0), (0, 0), (WIDTH // 4, WIDTH // 4)))
    axes = (1, 2, 3)
    samples = np.fft.fftshift(np.fft.fftn(np.fft.ifftshift(wide, axes), axes=axes, norm="ortho"), axes)
    drawn = random.standard_normal((2, *samples.shape))
    return np.asarray(samples + 0.01 * (drawn[0] + 1j * drawn[1]), np.complex64)


def cosines(index: int) -> dict[str, Any]:
    """Position and directions of a slice that lies askew."""
    turn = 0.1 + 0.2 * index
    return {
        "position": (3.0, -4.0, 7.5 * index),
        "read_dir": (np.cos(turn), np.sin(turn), 0),
        "phase_dir": (-np.sin(turn), np.cos(turn), 0),
        "slice_dir": (0, 0, 1),
    }


@dataclass(frozen=True)
class Course:
    """How many of each there are, and the order: the counters from the outermost loop to the innermost."""

    order: tuple[str, ...] = ("slice", "kspace_encode_step_1")
    counts: tuple[tuple[str, int], ...] = (("slice", 3),)
    partitions: int = 1
    first_line: int = 0
    acceleration: int = 1
    calibration: str = ""  # "inside" the imaging lines, or all of it "before" or "after" them
    lines: int = LINES
    calibration_lines: int = 16
    marked: bool = True  # with FIRST_IN_SLICE and LAST_IN_SLICE
    limits: bool = True  # in the header, of lines and counters
    slices_in_order: tuple[int, ...] = ()
    noise_lines: int = 0
    navigators: bool = False


def noise_samples(seed: int = 5, *, coils: int = COILS, samples: int = 256, level: float = 1.0) -> Kspace:
    """(coils, samples), correlated."""
    random = np.random.default_rng(seed)
    mixing = np.eye(coils) + 0.4 * random.standard_normal((coils, coils))
    drawn = random.standard_normal((2, coils, samples))
    return np.asarray(level * mixing @ (drawn[0] + 1j * drawn[1]), np.complex64)


def noise_line(samples: Kspace) -> bytes:
    return acquisition(samples, flags=NOISE)


def scan(course: Course, *, measurement: str = "", noise: str = "") -> Scan:
    """The scan of a course. No two readouts are equal, those of two averages neither."""
    loops: dict[str, list[int]] = {name: list(range(count)) for name, count in course.counts}
    if course.slices_in_order:
        loops["slice"] = list(course.slices_in_order)
    loops["kspace_encode_step_1"] = [
        line
        for line in range(course.first_line, course.lines)
        if _on_grid(course, line) or (course.calibration == "inside" and _central(course, line))
    ]
    loops["kspace_encode_step_2"] = list(range(course.partitions))
    bodies = _bodies(course)
    places = list(product(*(loops[name] for name in course.order)))
    labelled = [dict(zip(course.order, place, strict=True)) for place in places]
    lines = [noise_line(noise_samples(seed)) for seed in range(course.noise_lines)]
    separate = [
        {"slice": index, "kspace_encode_step_1": step}
        for index in loops.get("slice", [0])
        for step in range(course.lines)
        if _central(course, step)
    ]
    if course.calibration == "before":
        lines += [_readout(bodies, labels, CALIBRATION, number) for number, labels in enumerate(separate)]
    visits: dict[tuple[int, ...], list[int]] = {}
    for number, labels in enumerate(labelled):
        volume = tuple(labels.get(name, 0) for name in ("slice", "contrast", "phase", "repetition", "set", "average"))
        visits.setdefault(volume, []).append(number)
    inside = "average" in course.order and course.order.index("average") > course.order.index("kspace_encode_step_1")
    if inside:  # the averages of a line follow each other: the slice ends with the last of the last line
        merged: dict[tuple[int, ...], list[int]] = {}
        for volume, numbers in visits.items():
            merged.setdefault(volume[:-1], []).extend(numbers)
        visits = {volume: sorted(numbers) for volume, numbers in merged.items()}
    first, last = {numbers[0] for numbers in visits.values()}, {numbers[-1] for numbers in visits.values()}
    for number, labels in enumerate(labelled):
        flags = 0
        if course.marked:
            flags = FIRST_IN_SLICE * (number in first) | LAST_IN_SLICE * (number in last)
        if course.calibration == "inside" and _central(course, labels["kspace_encode_step_1"]):
            grid = _on_grid(course, labels["kspace_encode_step_1"])
            flags |= CALIBRATION_AND_IMAGING if grid else CALIBRATION
        if course.navigators and labels["kspace_encode_step_1"] % 8 == 0:
            lines.append(_readout(bodies, labels, NAVIGATION, len(lines)))
        lines.append(_readout(bodies, labels, flags, len(lines)))
    if course.calibration == "after":
        lines += [_readout(bodies, labels, CALIBRATION, len(lines) + number) for number, labels in enumerate(separate)]
    return Scan(_header(course, measurement, noise), lines)


def _central(course: Course, line: int) -> bool:
    return abs(2 * (line - course.lines // 2) + 1) <= course.calibration_lines


def _on_grid(course: Course, line: int) -> bool:
    return (line - course.lines // 2) % course.acceleration == 0


def _bodies(course: Course) -> Callable[[dict[str, int]], Kspace]:
    made: dict[int, Kspace] = {}

    def body(labels: dict[str, int]) -> Kspace:
        seed = labels.get("slice", 0) + 10 * labels.get("contrast", 0) + 100 * labels.get("phase", 0)
        seed += 1000 * labels.get("repetition", 0) + 10000 * labels.get("set", 0)
        if seed not in made:
            made[seed] = kspace(seed, partitions=course.partitions, lines=course.lines)
        return made[seed]

    return body


def _readout(body: Callable[[dict[str, int]], Kspace], labels: dict[str, Any], flags: int, number: int) -> bytes:
    samples = body(labels)[:, labels.get("kspace_encode_step_2", 0), labels["kspace_encode_step_1"]]
    gain = np.complex64(1 + 0.05 * labels.get("average", 0))
    return acquisition(
        samples * gain,
        flags=flags,
        scan_counter=number,
        acquisition_time_stamp=1000 + 4 * number,
        physiology_time_stamp=(number, 0, 0),
        **labels,
        **cosines(labels.get("slice", 0)),
    )


def _header(course: Course, measurement: str, noise: str) -> str:
    steps: Steps = {}
    if course.limits:
        steps["kspace_encoding_step_1"] = (course.first_line, course.lines - 1, course.lines // 2)
        if course.partitions > 1:
            steps["kspace_encoding_step_2"] = (0, course.partitions - 1, course.partitions // 2)
        counts = dict(course.counts)
        for name in ("average", "slice", "contrast", "phase", "repetition", "set"):
            if name in counts:
                steps[name] = (0, counts[name] - 1, 0)
    modes = {"inside": "embedded", "before": "separate", "after": "separate", "": "other"}
    return header(
        steps,
        matrix=(WIDTH, course.lines, course.partitions),
        recon=(WIDTH // 2, course.lines, course.partitions),
        acceleration=course.acceleration,
        calibration=modes[course.calibration],
        measurement=measurement,
        noise=noise,
    )


_BLOCK = ("slice", "kspace_encode_step_1")
COURSES = {
    "slices": Course(),
    "slices without flags": Course(marked=False),
    "slices without limits": Course(limits=False),
    "slices out of order": Course(slices_in_order=(0, 2, 1)),
    "interleaved slices": Course(order=("kspace_encode_step_1", "slice")),
    "repetitions": Course(order=("repetition", *_BLOCK), counts=(("slice", 2), ("repetition", 3))),
    "averages of each line": Course(order=(*_BLOCK, "average"), counts=(("slice", 2), ("average", 2))),
    "averages of each slice": Course(
        order=("slice", "average", "kspace_encode_step_1"), counts=(("slice", 2), ("average", 2))
    ),
    "averages of the scan": Course(order=("average", *_BLOCK), counts=(("slice", 2), ("average", 3))),
    "contrasts": Course(order=(*_BLOCK, "contrast"), counts=(("slice", 2), ("contrast", 2))),
    "phases and sets": Course(
        order=("slice", "set", "kspace_encode_step_1", "phase"), counts=(("slice", 1), ("set", 2), ("phase", 2))
    ),
    "partitions": Course(order=("kspace_encode_step_2", "kspace_encode_step_1"), counts=(), partitions=PARTITIONS),
    "partitions inside": Course(
        order=("kspace_encode_step_1", "kspace_encode_step_2"), counts=(), partitions=PARTITIONS
    ),
    "slabs": Course(
        order=("slice", "kspace_encode_step_2", "kspace_encode_step_1"), counts=(("slice", 2),), partitions=PARTITIONS
    ),
    "calibration inside": Course(acceleration=2, calibration="inside"),
    "calibration before": Course(acceleration=2, calibration="before"),
    "calibration after": Course(acceleration=2, calibration="after"),
    "accelerated repetitions": Course(
        order=("repetition", *_BLOCK),
        counts=(("slice", 2), ("repetition", 2)),
        acceleration=2,
        calibration="inside",
    ),
    "accelerated averages of the scan": Course(
        order=("average", *_BLOCK), counts=(("slice", 2), ("average", 2)), acceleration=2, calibration="inside"
    ),
    "accelerated averages of each line": Course(
        order=(*_BLOCK, "average"), counts=(("slice", 2), ("average", 2)), acceleration=2, calibration="inside"
    ),
    "accelerated partitions": Course(
        order=("kspace_encode_step_2", "kspace_encode_step_1"),
        counts=(),
        partitions=PARTITIONS,
        acceleration=2,
        calibration="inside",
    ),
    "accelerated slabs": Course(
        order=("repetition", "slice", "kspace_encode_step_2", "kspace_encode_step_1"),
        counts=(("slice", 2), ("repetition", 2)),
        partitions=PARTITIONS,
        acceleration=2,
        calibration="inside",
    ),
    "accelerated partial Fourier": Course(first_line=8, acceleration=2, calibration="inside"),
    "partial Fourier": Course(first_line=8),
    "noise": Course(noise_lines=2),
    "navigators": Course(navigators=True),
}


def without_flags(line: bytes) -> bytes:
    """The readout without any flag."""
    return line[:4] + bytes(8) + line[12:]
