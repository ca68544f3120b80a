"""Against the codec of the `ismrmrd` package, which nobody here wrote."""

import importlib
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from epi_scan import SCANS, slice_of
from epi_scan import scan_of as echo_planar
from mrd_codec import ACQUISITION_HEAD, acquisition_samples
from raw_scan import write_raw_scan
from scans_of_scanners import COURSES, scan
from service import Service, embed, run

ismrmrd = pytest.importorskip("ismrmrd", reason="needs the package ismrmrd")
serialization = importlib.import_module("ismrmrd.serialization")  # of ismrmrd 1.15 and later


def read_file(path: Path) -> tuple[Any, list[Any], Any]:
    """Header, acquisitions and XML of an HDF5 file, through the package."""
    with ismrmrd.Dataset(str(path), "dataset", create_if_needed=False) as dataset:
        xml = dataset.read_xml_header()
        lines = [dataset.read_acquisition(index) for index in range(dataset.number_of_acquisitions())]
    return ismrmrd.xsd.CreateFromDocument(xml), lines, xml


def send(service: Service, items: list[Any]) -> list[Any]:
    with socket.create_connection(service.address, timeout=60) as connection, connection.makefile("rwb") as stream:
        writer = serialization.ProtocolSerializer(stream)
        for item in items:
            writer.serialize(item)
        writer.close()
        return list(serialization.ProtocolDeserializer(stream).deserialize())


def expect_rows_of_file(path: Path, service: Service, model: Path) -> None:
    """Its stream of a file gives the rows of `embed`, bit for bit."""
    header, lines, _ = read_file(path)
    waveform = ismrmrd.Waveform.from_array(np.arange(10, dtype=np.uint32).reshape(2, 5))
    answers = send(service, [serialization.ConfigFile("openrecon"), header, waveform, *lines, waveform])
    images = [answer for answer in answers if isinstance(answer, ismrmrd.Image)]
    expected = embed(model, path)
    found = {
        (one.slice, one.repetition, int(ismrmrd.Meta.deserialize(one.attribute_string)["mriembed_partition"])): one
        for one in images
    }
    assert len(found) == len(images) == len(expected)
    for row in expected:
        one = found[row["slice"], row["repetition"], row["partition"]]
        assert one.data.dtype == np.float32
        assert one.data.tobytes() == np.array(row["embedding"], np.float32).tobytes()
        meta = ismrmrd.Meta.deserialize(one.attribute_string)
        assert meta["mriembed_sampling"] == row["sampling"]
        assert meta["DataRole"] == "Quantitative"
    assert all(isinstance(answer, (ismrmrd.Image, str)) for answer in answers)


@pytest.mark.parametrize("name", ["slices", "noise", "calibration before", "partitions", "repetitions"])
def test_its_streams_give_the_rows_of_the_file(name: str, service: Service, model_file: Path, tmp_path: Path) -> None:
    expect_rows_of_file(scan(COURSES[name]).write(tmp_path / "scan.h5"), service, model_file)


def test_its_stream_of_the_debian_phantom_gives_the_rows_of_the_file(
    service: Service, model_file: Path, phantom: Path
) -> None:
    expect_rows_of_file(phantom, service, model_file)


@pytest.mark.parametrize("name", ["navigators", "no navigators", "two shots"])
def test_its_echo_planar_streams_give_the_rows_of_the_file(
    name: str, service: Service, model_file: Path, tmp_path: Path
) -> None:
    write_raw_scan(tmp_path / "epi.h5", echo_planar(SCANS[name], slice_of()))
    expect_rows_of_file(tmp_path / "epi.h5", service, model_file)


@pytest.mark.parametrize("sent", ["images", "nothing", "no header"])
def test_its_sessions_without_readouts_are_closed_and_the_next_one_works(
    sent: str, service: Service, model_file: Path, tmp_path: Path
) -> None:
    path = scan(COURSES["slices"]).write(tmp_path / "scan.h5")
    header, _, _ = read_file(path)
    pictures = [ismrmrd.Image.from_array(np.ones((1, 1, 8, 6), kind)) for kind in (np.uint16, np.float32, np.complex64)]
    items = {"images": [header, *pictures], "nothing": [header], "no header": []}[sent]
    answers = send(service, [serialization.ConfigFile("openrecon"), *items])  # ends at the message CLOSE
    assert all(isinstance(answer, str) for answer in answers), "texts alone"
    told = [answer for answer in answers if "3 images" in answer]
    assert len(told) == (1 if sent == "images" else 0), answers
    expect_rows_of_file(path, service, model_file)


def test_its_texts_and_images_are_understood(service: Service, model_file: Path, tmp_path: Path) -> None:
    path = scan(COURSES["slices"]).write(tmp_path / "scan.h5")
    header, lines, _ = read_file(path)
    picture = ismrmrd.Image.from_array(np.ones((4, 1, 8, 6), np.complex64))
    configuration = serialization.ConfigText("<gadgetronStreamConfiguration/>")
    answers = send(service, [configuration, header, '{"parameters": {"return": "both"}}', picture, *lines])
    images = [answer for answer in answers if isinstance(answer, ismrmrd.Image)]
    assert sorted(one.image_series_index for one in images) == [1, 1, 1, 100, 100, 100]
    expected = embed(model_file, path)
    assert [one.data.tobytes() for one in images if one.image_series_index == 100] == [
        np.array(row["embedding"], np.float32).tobytes() for row in expected
    ]


def test_a_file_that_it_wrote_is_sent_and_comes_back(service: Service, model_file: Path, tmp_path: Path) -> None:
    _, lines, xml = read_file(scan(COURSES["noise"]).write(tmp_path / "scan.h5"))
    path = tmp_path / "written.h5"
    with ismrmrd.Dataset(str(path), "dataset", create_if_needed=True) as dataset:
        dataset.write_xml_header(xml)
        for line in lines:
            dataset.append_acquisition(line)
    host, port = service.address
    sent = run("send", path, f"{host}:{port}", "-o", tmp_path / "rows.npy")
    assert sent.returncode == 0, sent.stderr
    expected = np.array([row["embedding"] for row in embed(model_file, path)], np.float32)
    assert np.load(tmp_path / "rows.npy").tobytes() == expected.tobytes()


def test_a_stream_file_that_it_wrote_is_sent_and_comes_back(service: Service, model_file: Path, tmp_path: Path) -> None:
    path = scan(COURSES["slices"]).write(tmp_path / "scan.h5")
    header, lines, _ = read_file(path)
    stream = tmp_path / "scan.mrd"
    with serialization.ProtocolSerializer(str(stream)) as writer:
        for item in (header, *lines):
            writer.serialize(item)
    host, port = service.address
    assert run("send", stream, f"{host}:{port}", "-o", tmp_path / "rows.npy").returncode == 0
    expected = np.array([row["embedding"] for row in embed(model_file, path)], np.float32)
    assert np.load(tmp_path / "rows.npy").tobytes() == expected.tobytes()


def test_the_codec_of_these_tests_agrees_with_it(tmp_path: Path) -> None:
    sent = scan(COURSES["noise"])
    _, lines, _ = read_file(sent.write(tmp_path / "scan.h5"))
    for line, ours in zip(lines, sent.lines, strict=True):
        np.testing.assert_array_equal(line.data, acquisition_samples(ours))
        assert bytes(line.getHead()) == ours[2 : 2 + ACQUISITION_HEAD.itemsize]
