"""MRD streams give what the HDF5 files of the same acquisitions give, bit for bit."""

import json
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mrd_stream import (
    ACQUISITION,
    CLOSE,
    CONFIG_FILE,
    CONFIG_TEXT,
    HEADER,
    TEXT,
    image,
    measurement,
    message,
    text,
    waveform,
    write_stream_of,
)
from mriembed import BadInputError
from mriembed.scans import read_slices
from program import PROGRAM

CASES = Path(__file__).parents[3] / "shared" / "data" / "reader-cases"


def cli(*arguments: object, **options: object) -> subprocess.CompletedProcess[bytes]:
    command = [str(PROGRAM), *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, timeout=120, **options)  # type: ignore[call-overload,no-any-return]


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "scan.h5"
    generate = ["ismrmrd_generate_cartesian_shepp_logan", "-m", "32", "-c", "4", "-r", "2", "-C", "-o", str(path)]
    subprocess.run(generate, check=True, stdout=subprocess.DEVNULL)
    return path


def warnings_of(path: Path) -> tuple[list[np.ndarray], list[str]]:
    warnings: list[str] = []
    return [slice_.kspace for slice_ in read_slices(path, on_warning=warnings.append)], warnings


def assert_same(stream: Path, hdf5: Path) -> list[str]:
    """Same samples, prewhitened with the same noise; returns the stream's own warnings."""
    found = read_slices(stream)
    expected = read_slices(hdf5)
    assert len(found) == len(expected) > 0
    for one, other in zip(found, expected, strict=True):
        assert one.kspace.tobytes() == other.kspace.tobytes()
    warnings = warnings_of(stream)[1]
    others = warnings_of(hdf5)[1]
    assert [warning for warning in others if warning not in warnings] == []
    return [warning for warning in warnings if warning not in others]


def test_a_stream_gives_what_its_hdf5_file_gives(scan: Path, tmp_path: Path) -> None:
    assert assert_same(write_stream_of(tmp_path / "scan.mrd", scan), scan) == []


@pytest.mark.parametrize(
    "name",
    ["asymmetric-echo", "epi-discard", "noise-discard", "phase-oversampling", "reversed-discard", "step-1-centre-23"],
)
def test_odd_scans_are_placed_as_those_of_hdf5(name: str, tmp_path: Path) -> None:
    hdf5 = CASES / f"{name}.h5"
    if not hdf5.exists():
        pytest.skip("the reader cases are not here")
    assert assert_same(write_stream_of(tmp_path / "scan.mrd", hdf5), hdf5) == []


def test_what_stands_beside_acquisitions_is_left_out(scan: Path, tmp_path: Path) -> None:
    xml, lines = measurement(scan)
    stream = tmp_path / "scan.bin"
    lines[3:3] = [waveform(5, 20), text(TEXT, "INFO    a line"), image((2, 1, 8, 6))]
    before = [message(CONFIG_FILE, b"default.xml".ljust(1024, b"\0")), text(CONFIG_TEXT, "<config/>", nul=True)]
    stream.write_bytes(b"".join([*before, text(HEADER, xml, nul=True), *lines, message(CLOSE)]))
    assert assert_same(stream, scan) == []
    shown = cli("inspect", stream).stdout.decode()
    for kind, count in (("image", "1"), ("waveform", "1"), ("text", "1"), ("configuration", "2")):
        assert f"note                  {count} {kind} message{'s' if count == '2' else ''} left out\n" in shown
    assert "MRD raw data, a stream" in shown


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_header_may_be_in_any_encoding_of_unicode(encoding: str, scan: Path, tmp_path: Path) -> None:
    xml, lines = measurement(scan)
    header = xml.replace('<?xml version="1.0"?>', "").strip().encode(encoding)
    stream = tmp_path / "scan.mrd"
    parts = [message(HEADER, struct.pack("<I", len(header)) + header), *lines, message(CLOSE)]
    stream.write_bytes(b"".join(parts))
    assert assert_same(stream, scan) == []


def test_trajectories_before_samples_are_passed_over(scan: Path, tmp_path: Path) -> None:
    xml, lines = measurement(scan)
    longer = bytearray(lines[0])
    samples = struct.unpack_from("<H", longer, 2 + 34)[0]
    struct.pack_into("<H", longer, 2 + 176, 3)
    longer[2 + 340 : 2 + 340] = np.ones((samples, 3), "<f4").tobytes()
    stream = tmp_path / "scan.mrd"
    stream.write_bytes(b"".join([text(HEADER, xml), bytes(longer), *lines[1:], message(CLOSE)]))
    assert assert_same(stream, scan) == []


def test_a_stream_without_an_end_is_read_with_a_warning(scan: Path, tmp_path: Path) -> None:
    stream = tmp_path / "scan.mrd"
    whole = write_stream_of(stream, scan).read_bytes()
    stream.write_bytes(whole[:-2])
    assert assert_same(stream, scan) == ["the stream has no end (CLOSE): the scan may have gone on"]
    stream.write_bytes(whole + b"more")
    assert assert_same(stream, scan) == ["4 bytes after the stream's end (CLOSE) are left out"]


def test_a_stream_that_is_cut_short_gives_the_finished_repetition(scan: Path, tmp_path: Path) -> None:
    xml, lines = measurement(scan)
    stream = tmp_path / "scan.mrd"
    start = text(HEADER, xml) + b"".join(lines[:-1])
    stream.write_bytes(start + lines[-1][:-100])
    found, warnings = warnings_of(stream)
    assert [one.tobytes() for one in found] == [one.tobytes() for one in warnings_of(scan)[0]][:1]
    assert f"the stream is cut short within the message at byte {len(start)}: what came before is read" in warnings
    assert any("the scan was stopped" in warning for warning in warnings)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("unknown message", "unknown number 1030"),
        ("images alone", "it holds 1 image message and no acquisitions"),
        ("an image without a header", "it holds 1 image message and no acquisitions"),
        ("no acquisitions", "holds no acquisitions"),
        ("compressed", "compressed (flag 53)"),
    ],
)
def test_other_streams_are_refused_with_the_reason(kind: str, reason: str, scan: Path, tmp_path: Path) -> None:
    xml, lines = measurement(scan)
    compressed = bytearray(lines[0])
    struct.pack_into("<Q", compressed, 4, 1 << 52)
    contents = {
        "unknown message": [text(HEADER, xml), lines[0], message(1030, bytes(40))],
        "images alone": [text(HEADER, xml), image((1, 1, 4, 4)), message(CLOSE)],
        "an image without a header": [image((1, 1, 4, 4)), message(CLOSE)],
        "no acquisitions": [text(HEADER, xml), message(CLOSE)],
        "compressed": [text(HEADER, xml), bytes(compressed)],
    }
    stream = tmp_path / "scan.mrd"
    stream.write_bytes(b"".join(contents[kind]))
    with pytest.raises(BadInputError, match=str(stream)) as refused:
        read_slices(stream)
    assert reason in str(refused.value)
    assert str(refused.value).count("\n") == 0


def test_promised_samples_that_are_not_there_take_no_memory(tmp_path: Path, scan: Path) -> None:
    xml, lines = measurement(scan)
    huge = bytearray(lines[0][: 2 + 340])
    struct.pack_into("<H", huge, 2 + 34, 65535)
    struct.pack_into("<HH", huge, 2 + 36, 65535, 65535)
    stream = tmp_path / "scan.mrd"
    stream.write_bytes(text(HEADER, xml) + bytes(huge))
    with pytest.raises(BadInputError, match="holds no acquisitions"):
        read_slices(stream)


def test_a_scan_comes_through_standard_input(model_file: Path, scan: Path, tmp_path: Path) -> None:
    stream = write_stream_of(tmp_path / "scan.mrd", scan)
    expected = cli("embed", model_file, stream, "-o", "-")
    assert expected.returncode == 0, expected.stderr
    rows = [json.loads(line) for line in expected.stdout.splitlines()]
    for content in (stream, scan):  # as it is told by content, HDF5 comes that way, too
        found = cli("embed", model_file, "-", "-o", "-", input=content.read_bytes())
        assert found.returncode == 0, found.stderr
        again = [json.loads(line) for line in found.stdout.splitlines()]
        assert [row["embedding"] for row in again] == [row["embedding"] for row in rows]
        assert {row["file"] for row in again} == {"-"}
    assert b"MRD raw data, a stream" in cli("inspect", "-", input=stream.read_bytes()).stdout
    twice = cli("embed", model_file, "-", "-", "-o", "-", input=stream.read_bytes())
    assert twice.returncode == 2
    assert b"standard input" in twice.stderr


def test_python_reads_standard_input(scan: Path, tmp_path: Path) -> None:
    program = (
        "import sys, pathlib, numpy, mriembed.scans as scans\n"
        "slices = scans.read_slices(pathlib.Path('-'))\n"
        "assert {str(one.file) for one in slices} == {'-'}\n"
        "sys.stdout.buffer.write(numpy.stack([one.kspace for one in slices]).tobytes())\n"
    )
    expected = np.stack([one.kspace for one in read_slices(scan)]).tobytes()
    stream = write_stream_of(tmp_path / "scan.mrd", scan)
    for content in (stream, scan):
        command = [sys.executable, "-c", program]
        found = subprocess.run(command, check=True, capture_output=True, input=content.read_bytes(), timeout=120)
        assert found.stdout == expected
    broken = subprocess.run(command, check=False, capture_output=True, input=b"no scan", timeout=120)
    assert b"BadInputError: -: not a scan of a known format" in broken.stderr


def test_an_acquisition_s_number_is_no_scan(tmp_path: Path) -> None:
    path = tmp_path / "noise.bin"
    path.write_bytes(struct.pack("<H", ACQUISITION) + bytes(400))
    with pytest.raises(BadInputError, match="not a scan of a known format"):
        read_slices(path)
