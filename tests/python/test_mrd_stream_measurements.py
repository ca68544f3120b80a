"""An MRD stream of several measurements gives what an HDF5 file of as many groups gives, bit for bit."""

import json
import subprocess
from pathlib import Path

import h5py
import numpy as np
import pytest

from mrd_stream import (
    CLOSE,
    CONFIG_FILE,
    HEADER,
    IMAGE,
    TEXT,
    image,
    measurement,
    message,
    session,
    text,
    waveform,
)
from mriembed import BadInputError
from mriembed.scans import read_slices
from program import PROGRAM

Measurement = tuple[str, list[bytes]]
NOISE_ID = (
    "<measurementInformation><measurementID>{own}</measurementID><patientPosition>HFS</patientPosition>"
    "{dependency}</measurementInformation><experimentalConditions>"
)
DEPENDENCY = (
    "<measurementDependency><dependencyType>Noise</dependencyType><measurementID>{noise}</measurementID>"
    "</measurementDependency>"
)


def cli(*arguments: object, input: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    command = [str(PROGRAM), *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, timeout=120, input=input)


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Scans of another number of lines, noise lines and repetitions each, of four coils."""
    folder = tmp_path_factory.mktemp("scans")
    options = (["-m", "32", "-r", "2", "-C"], ["-m", "48"], ["-m", "24", "-n", "0.1"])
    for index, own in enumerate(options):
        path = str(folder / f"{index}.h5")
        generate = ["ismrmrd_generate_cartesian_shepp_logan", "-c", "4", *own, "-o", path]
        subprocess.run(generate, check=True, stdout=subprocess.DEVNULL)
    return [folder / f"{index}.h5" for index in range(len(options))]


def groups_of(path: Path, scans: list[Path]) -> Path:
    """An HDF5 file whose groups scan_1, scan_2, ... hold what the files do."""
    with h5py.File(path, "w") as file:
        for number, scan in enumerate(scans, 1):
            with h5py.File(scan) as source:
                source.copy("dataset", file, f"scan_{number}")
    return path


def rows_of(model: Path, scan: object, *options: object, input: bytes | None = None) -> list[dict[str, object]]:
    embedded = cli("embed", model, scan, "-o", "-", *options, input=input)
    assert embedded.returncode == 0, embedded.stderr
    return [json.loads(line) | {"file": ""} for line in embedded.stdout.splitlines()]


def kspace_and_warnings(path: Path, group: str = "") -> tuple[list[bytes], list[str]]:
    warnings: list[str] = []
    slices = read_slices(path, group=group, on_warning=warnings.append)
    return [slice_.kspace.tobytes() for slice_ in slices], warnings


def with_noise_ids(xml: str, own: str, noise: str = "") -> str:
    information = NOISE_ID.format(own=own, dependency=DEPENDENCY.format(noise=noise) if noise else "")
    assert "<measurementInformation>" not in xml
    return xml.replace("<experimentalConditions>", information)


def test_sessions_one_after_another_are_read_as_the_groups_of_a_file(scans: list[Path], tmp_path: Path) -> None:
    stream = tmp_path / "scans.mrd"
    stream.write_bytes(b"".join(session(*measurement(scan)) for scan in scans))  # as `cat a.mrd b.mrd c.mrd`
    hdf5 = groups_of(tmp_path / "scans.h5", scans)
    expected = kspace_and_warnings(hdf5)
    assert len(expected[0]) == 4
    assert kspace_and_warnings(stream) == expected
    for group in ("scan_1", "scan_2", "scan_3"):
        assert kspace_and_warnings(stream, group) == kspace_and_warnings(hdf5, group)
    with pytest.raises(BadInputError, match='it has no measurement "scan_4"; it has scan_1, scan_2, scan_3'):
        read_slices(stream, group="scan_4")


def test_a_header_after_data_begins_the_next_measurement(scans: list[Path], tmp_path: Path) -> None:
    one = b"".join(session(*measurement(scan))[:-2] for scan in scans[:2]) + message(CLOSE)
    stream = tmp_path / "scans.mrd"
    configuration = message(CONFIG_FILE, b"default.xml".ljust(1024, b"\0"))
    second = one.index(text(HEADER, measurement(scans[1])[0]))
    expected = kspace_and_warnings(groups_of(tmp_path / "scans.h5", scans[:2]))
    for content in (one, configuration + one[:second] + configuration + one[second:]):
        stream.write_bytes(content)
        assert kspace_and_warnings(stream) == expected


def test_rows_are_those_of_the_groups_from_a_pipe_too(model_file: Path, scans: list[Path], tmp_path: Path) -> None:
    content = b"".join(session(*measurement(scan)) for scan in scans)
    stream = tmp_path / "scans.mrd"
    stream.write_bytes(content)
    expected = rows_of(model_file, groups_of(tmp_path / "scans.h5", scans))
    assert [row["measurement"] for row in expected] == [0, 0, 1, 2]
    assert rows_of(model_file, stream) == expected
    assert rows_of(model_file, "-", input=content) == expected
    assert rows_of(model_file, "-", "--group", "scan_2", input=content) == rows_of(
        model_file, tmp_path / "scans.h5", "--group", "scan_2"
    )


def test_noise_measurements_serve_the_scans_that_name_them(scans: list[Path], tmp_path: Path) -> None:
    xml, lines = measurement(scans[0])
    quiet = lines[0]  # the noise line
    assert int.from_bytes(quiet[4:12], "little") == 1 << 18
    samples = np.frombuffer(quiet[342:], np.complex64) * np.complex64(3)
    loud = quiet[:342] + samples.tobytes()
    image_xml, image_lines = measurement(scans[2])
    stream = tmp_path / "scans.mrd"
    stream.write_bytes(
        session(with_noise_ids(xml, "quiet"), [quiet])
        + session(with_noise_ids(xml, "loud"), [loud])
        + session(with_noise_ids(image_xml, "image", "loud"), image_lines)
        + session(image_xml, image_lines)
    )
    named, unnamed = read_slices(stream)
    np.testing.assert_allclose(named.kspace * 3, unnamed.kspace, rtol=1e-5)  # three times the noise: a third is left
    assert 'scan_3: noise: of group "scan_2"' in cli("inspect", stream).stdout.decode()
    alone = tmp_path / "noise.mrd"
    alone.write_bytes(session(image_xml, image_lines) + session(xml, [loud]))
    target = tmp_path / "image.mrd"
    target.write_bytes(session(image_xml, image_lines))
    (prewhitened,) = read_slices(target, noise=alone)
    assert prewhitened.kspace.tobytes() == named.kspace.tobytes()


def test_a_measurement_that_was_stopped_is_named_and_the_others_are_read(scans: list[Path], tmp_path: Path) -> None:
    xml, lines = measurement(scans[1])
    stream = tmp_path / "scans.mrd"
    stream.write_bytes(session(xml, lines[:20]) + session(*measurement(scans[2])) + session(xml, lines)[:-300])
    kspace, warnings = kspace_and_warnings(stream)
    assert kspace == kspace_and_warnings(scans[2])[0]
    for part in (
        "left out: measurement scan_1: undersampled: slice 0 has 20 of 48 lines",
        "left out: measurement scan_3: undersampled: slice 0 has 47 of 48 lines",
        "the stream is cut short within the message at byte",
    ):
        assert sum(part in warning for warning in warnings) == 1, part


def test_messages_without_acquisitions_are_noted_once_a_kind(scans: list[Path], tmp_path: Path) -> None:
    (xml, lines), other = measurement(scans[1]), measurement(scans[2])
    pictures = image((1, 1, 6, 6)) + image((2, 1, 8, 8), b"")
    stream = tmp_path / "scans.mrd"
    stream.write_bytes(
        session(xml, [pictures, waveform(2, 5), *lines, text(TEXT, "DEBUG   done")])
        + session(xml, [pictures])
        + session(*other)
    )
    shown = cli("inspect", "--json", stream)
    described = json.loads(shown.stdout)
    assert described["notes"] == ["4 image messages left out", "1 waveform message left out", "1 text message left out"]
    reason = "left out: measurement scan_2: it holds 2 image messages and no acquisitions"
    assert sum(warning.startswith(reason) for warning in described["warnings"]) == 1
    hdf5 = groups_of(tmp_path / "scans.h5", [scans[1], scans[2]])
    assert kspace_and_warnings(stream)[0] == kspace_and_warnings(hdf5)[0]


def test_what_cannot_be_followed_costs_the_measurement_that_it_is_in(scans: list[Path], tmp_path: Path) -> None:
    first = session(*measurement(scans[1]))
    xml, lines = measurement(scans[2])
    damaged = message(IMAGE, b"\1\0\x63\0" + bytes(194))
    stream = tmp_path / "scans.mrd"
    for broken, reason in ((message(1030, bytes(40)), "unknown number 1030"), (damaged, "unknown data type 99")):
        stream.write_bytes(first + session(xml, [*lines, broken]) + first)
        kspace, warnings = kspace_and_warnings(stream)
        assert kspace == kspace_and_warnings(scans[1])[0]
        assert sum("left out: measurement scan_2: the " in one and reason in one for one in warnings) == 1
