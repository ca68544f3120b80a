"""Sessions of every shape that clients have been seen to hold: each one ends with CLOSE, and spoils none after it."""

import socket
import struct
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import mriembed
from mrd_client import Answers
from mrd_codec import (
    ACQUISITION,
    CLOSE,
    COMPRESSED,
    CONFIG_FILE,
    CONFIG_TEXT,
    HEADER,
    IMAGE,
    NDARRAY,
    TEXT,
    acquisition,
    config_file,
    image,
    message,
    query,
    text,
    waveform,
)
from packaging_texts import PACKAGING
from scans_of_scanners import COILS, COURSES, WIDTH, Course, Scan, scan
from service import Service, embed, expect_rows, send_scan

SCAN = scan(COURSES["slices"])
GADGETRON = '<?xml version="1.0" encoding="UTF-8"?>\n<configuration><mriembed return="embedding"/></configuration>'


@pytest.fixture(autouse=True)
def _the_next_session_works(service: Service, model_file: Path, tmp_path: Path) -> Iterable[None]:
    yield
    expect_rows(send_scan(service, SCAN), embed(model_file, SCAN.write(tmp_path / "next.h5")))


def session(service: Service, *messages: bytes | Iterable[bytes]) -> Answers:
    with service.connect() as client:
        client.send(*messages)
        return client.finish()


def rows_of(model: Path, folder: Path, sent: Scan = SCAN) -> list[dict[str, object]]:
    return embed(model, sent.write(folder / "scan.h5"))


CONFIGURATIONS = {
    "openrecon": [config_file("openrecon")],
    "default.xml": [config_file("default.xml")],
    "unknown": [config_file("no such module: ~/../%s%n")],
    "empty": [config_file("")],
    "without an end": [config_file("x" * 1024)],
    "not UTF-8": [message(CONFIG_FILE, b"\xff\xfe\x80".ljust(1024, b"\0"))],
    "text": [text("<gadgetronStreamConfiguration/>", CONFIG_TEXT)],
    "text that is no XML": [text("config: \x01 & <", CONFIG_TEXT, nul=True)],
    "empty text": [text("", CONFIG_TEXT)],
    "two": [config_file("a"), config_file("b")],
    "file and text": [config_file("a"), text("<b/>", CONFIG_TEXT)],
    "none": [],
}


@pytest.mark.parametrize("kind", CONFIGURATIONS)
def test_no_configuration_is_refused(kind: str, service: Service, model_file: Path, tmp_path: Path) -> None:
    answers = session(service, *CONFIGURATIONS[kind], text(SCAN.xml, HEADER), SCAN.lines)
    expect_rows(answers, rows_of(model_file, tmp_path))
    assert answers.texts_with("ERROR") == []


@pytest.mark.parametrize("kind", ["file", "text", "header", "both"])
def test_a_session_without_data_is_closed(kind: str, service: Service) -> None:
    sent = {
        "file": [config_file("openrecon")],
        "text": [text("<x/>", CONFIG_TEXT)],
        "header": [text(SCAN.xml, HEADER)],
        "both": [config_file("openrecon"), text(SCAN.xml, HEADER)],
    }[kind]
    answers = session(service, *sent)
    assert answers.images == []


def test_close_as_the_first_message_is_answered(service: Service) -> None:
    assert session(service).images == []


def test_a_client_that_only_ends_its_side_gets_the_rows_and_close(
    service: Service, model_file: Path, tmp_path: Path
) -> None:
    with service.connect() as client:
        client.send(config_file("openrecon"), text(SCAN.xml, HEADER), SCAN.lines)
        client.socket.shutdown(socket.SHUT_WR)
        expect_rows(client.end(), rows_of(model_file, tmp_path))


@pytest.mark.parametrize("xml", [SCAN.xml, "Dummy XML header", "<ismrmrdHeader/>", ""])
def test_images_alone_are_refused_in_one_text_and_the_session_goes_on_to_its_close(xml: str, service: Service) -> None:
    pictures = [image(np.ones((1, 1, 8, 8), kind), b"<ismrmrdMeta/>\0") for kind in (np.uint16, np.int16, np.float32)]
    answers = session(service, config_file("openrecon"), text(xml, HEADER), pictures, pictures)
    assert answers.images == []
    said = [line for line in answers.texts_with("ERROR") + answers.texts_with("WARNING") if "image" in line]
    assert len(said) == 1, answers.texts


def test_images_beside_readouts_cost_no_row(service: Service, model_file: Path, tmp_path: Path) -> None:
    picture = image(np.zeros((4, 2, 3, 5), np.complex64), b"<ismrmrdMeta/>")
    lines = [picture, *SCAN.lines[:20], picture, *SCAN.lines[20:], picture]
    expect_rows(send_scan(service, Scan(SCAN.xml, lines)), rows_of(model_file, tmp_path))


BAD_HEADERS: dict[str, str | bytes] = {
    "dummy": "Dummy XML header",
    "empty": "",
    "cut short": SCAN.xml[:300],
    "not UTF-8": b"<ismrmrdHeader>\xff\xfe</ismrmrdHeader>",
    "no encoding": '<ismrmrdHeader xmlns="http://www.ismrm.org/ISMRMRD"/>',
    "spiral": SCAN.xml.replace(">cartesian<", ">spiral<"),
    "no matrix": SCAN.xml.replace(f"<x>{WIDTH}</x>", "<x>0</x>"),
    "a matrix of minus one": SCAN.xml.replace(f"<x>{WIDTH}</x>", "<x>-1</x>"),
    "a huge matrix": SCAN.xml.replace(f"<x>{WIDTH}</x>", "<x>4294967295</x>"),
    "deep": "<a>" * 100_000,
    "entities": '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb">'
    + "".join(f'<!ENTITY b{i} "{f"&b{i - 1 or str()};" * 10}">' for i in range(1, 12))
    + "]><ismrmrdHeader>&b11;</ismrmrdHeader>",
}


@pytest.mark.parametrize("kind", BAD_HEADERS)
def test_a_header_that_places_nothing_is_refused_and_the_scan_is_drained(kind: str, service: Service) -> None:
    answers = session(service, config_file("x"), text(BAD_HEADERS[kind], HEADER), SCAN.lines)
    assert answers.images == []
    assert answers.texts_with("ERROR")


@pytest.mark.parametrize(
    "element", ["<unknown>1</unknown>", "<waveformInformation><waveformName>ECG</waveformName></waveformInformation>"]
)
def test_elements_that_nobody_knows_cost_no_row(
    element: str, service: Service, model_file: Path, tmp_path: Path
) -> None:
    xml = SCAN.xml.replace("<encoding>", element + "<encoding>", 1)
    expect_rows(send_scan(service, Scan(xml, SCAN.lines)), rows_of(model_file, tmp_path))


@pytest.mark.parametrize("number", [0, 9, 999, 1001, 1006, 1023, 1024, NDARRAY, 1050, 4096, 65535])
def test_an_unknown_message_ends_the_session_with_its_number(number: int, service: Service) -> None:
    with service.connect() as client:
        client.send(text(SCAN.xml, HEADER), SCAN.of_slice(0), message(number, bytes(1000)))
        answers = client.end()  # CLOSE comes without the client's: nobody knows where the next message begins
    assert len(answers.embeddings()) == 1
    assert any(str(number) in line for line in answers.texts_with("ERROR")), answers.texts


def changed(line: bytes, place: int, kind: str, *values: int) -> bytes:
    """With other numbers at a place of its header."""
    copy = bytearray(line)
    struct.pack_into(kind, copy, 2 + place, *values)
    return bytes(copy)


BAD_LINES = {
    "compressed": changed(SCAN.lines[40], 2, "<Q", COMPRESSED)[:342] + struct.pack("<I", 100) + bytes(100),
    "other coils": acquisition(np.ones((COILS + 1, WIDTH), np.complex64), kspace_encode_step_1=8, slice=1),
    "no coils": acquisition(np.ones((0, WIDTH), np.complex64), kspace_encode_step_1=8, slice=1),
    "not a number": acquisition(np.full((COILS, WIDTH), np.nan, np.complex64), kspace_encode_step_1=8, slice=1),
    "step outside": changed(SCAN.lines[40], 242, "<H", 65535),
    "discards everything": changed(SCAN.lines[40], 168, "<HH", 65535, 65535),
    "centre outside": changed(SCAN.lines[40], 172, "<H", 65535),
}


@pytest.mark.parametrize("kind", BAD_LINES)
def test_a_bad_readout_is_reported_and_the_slices_before_it_stand(
    kind: str, service: Service, model_file: Path, tmp_path: Path
) -> None:
    answers = session(
        service, text(SCAN.xml, HEADER), SCAN.of_slice(0), BAD_LINES[kind], SCAN.of_slice(1), SCAN.of_slice(2)
    )
    row = rows_of(model_file, tmp_path)[0]
    first = answers.embeddings()[0]
    assert first.head["slice"] == 0
    assert first.pixels.tobytes() == np.array(row["embedding"], np.float32).tobytes()
    assert answers.texts_with("ERROR") or answers.texts_with("WARNING")


def test_a_readout_without_samples_is_left_out(service: Service, model_file: Path, tmp_path: Path) -> None:
    """A marker of the scanner's software."""
    marker = acquisition(np.ones((COILS, 0), np.complex64), kspace_encode_step_1=8, slice=1)
    answers = session(service, text(SCAN.xml, HEADER), SCAN.of_slice(0), marker, SCAN.of_slice(1), SCAN.of_slice(2))
    expected = [np.array(row["embedding"], np.float32).tobytes() for row in rows_of(model_file, tmp_path)]
    assert [image.pixels.tobytes() for image in answers.embeddings()] == expected


def test_an_error_does_not_end_the_reading(service: Service) -> None:
    """A scanner that meets a closed socket may stop the scan: what follows is read and thrown away."""
    with service.connect() as client:
        client.send(text(BAD_HEADERS["spiral"], HEADER), SCAN.lines[:1])
        client.text("ERROR")
        for _ in range(200):
            client.send(SCAN.lines)
        answers = client.finish()
    assert len(answers.texts_with("ERROR")) == 1


def test_a_header_in_the_middle_is_told_or_begins_another_measurement(service: Service) -> None:
    answers = session(service, text(SCAN.xml, HEADER), SCAN.lines, text(SCAN.xml, HEADER), SCAN.lines)
    assert len(answers.embeddings()) == 6 or answers.texts_with("ERROR")
    answers.check_own_images()


def test_data_before_a_header_are_refused(service: Service) -> None:
    answers = session(service, config_file("x"), SCAN.lines)
    assert answers.images == []
    assert any("header" in line.lower() for line in answers.texts_with("ERROR"))


@pytest.mark.parametrize("when", ["first", "configured", "with header"])
def test_a_query_is_answered_with_version_model_sessions_and_uptime(
    when: str, service: Service, model_file: Path
) -> None:
    before = {"first": [], "configured": [config_file("x")], "with header": [config_file("x"), text(SCAN.xml, HEADER)]}
    answers = session(service, *before[when], query("gadgetron::info", 2**63 + 5), query("ismrmrd::version", 6))
    assert set(answers.responses) == {2**63 + 5, 6}
    told = answers.responses[2**63 + 5]
    assert mriembed.__version__ in told
    assert mriembed.read_description(model_file).weights_sha256[:12] in told
    for word in ("session", "uptime"):
        assert word in told.lower()


def test_a_query_that_nobody_knows_is_answered(service: Service) -> None:
    assert list(session(service, query("what::ever\xe4", 9), query("", 10)).responses) == [9, 10]


# Gadgetron: its readers know neither texts nor configurations, and a session that sends one is lost.


def test_a_session_of_gadgetron_gets_rows_and_no_texts(service: Service, model_file: Path, tmp_path: Path) -> None:
    answers = session(service, text(GADGETRON, CONFIG_TEXT), text(SCAN.xml, HEADER), SCAN.lines)
    expect_rows(answers, rows_of(model_file, tmp_path))
    assert {found.number for found in answers.messages} == {1022, 4}


def test_a_session_of_gadgetron_is_known_by_the_root_element_alone(service: Service) -> None:
    for content in ("<configuration/>", "\n <!-- a --> <configuration a='b'></configuration>\0"):
        accelerated = scan(COURSES["calibration inside"])  # about which there is something to say
        answers = session(service, text(content, CONFIG_TEXT), text(accelerated.xml, HEADER), accelerated.lines)
        assert answers.texts == []
        assert len(answers.embeddings()) == 3


def of_gadgetron(attributes: str) -> bytes:
    return text(f"<configuration><mriembed {attributes}/></configuration>", CONFIG_TEXT)


def test_attributes_in_gadgetrons_configuration_choose_what_comes_back(service: Service) -> None:
    for kind, series in (("embedding", {100}), ("images", {1}), ("both", {1, 100}), ("none", set())):
        answers = session(service, of_gadgetron(f'return="{kind}"'), text(SCAN.xml, HEADER), SCAN.lines)
        assert {int(found.head["image_series_index"]) for found in answers.images} == series
    answers = session(service, of_gadgetron('return="tap"'), text(SCAN.xml, HEADER), SCAN.lines)
    assert [found.number for found in answers.messages] == [ACQUISITION] * len(SCAN.lines) + [CLOSE]


def test_attributes_in_gadgetrons_configuration_say_how_the_scan_was_measured(
    service: Service, model_file: Path, tmp_path: Path
) -> None:
    noisy, undersampled = scan(COURSES["noise"]), scan(Course(acceleration=2))
    answers = session(service, of_gadgetron('prewhiten="already"'), text(noisy.xml, HEADER), noisy.lines)
    expect_rows(answers, embed(model_file, noisy.write(tmp_path / "noisy.h5"), "--no-prewhiten"))
    allowed = of_gadgetron('allow_undersampled="true"')
    answers = session(service, allowed, text(undersampled.xml, HEADER), undersampled.lines)
    expect_rows(answers, embed(model_file, undersampled.write(tmp_path / "few.h5"), "--allow-undersampled"))


@pytest.mark.parametrize("attribute", ['return="jpeg"', 'return-images="false"', 'prewhiten=""'])
def test_attributes_that_mean_nothing_are_warned_of_in_the_log_and_cost_no_row(
    attribute: str, service: Service, model_file: Path, tmp_path: Path
) -> None:
    """An error would end Gadgetron's reconstruction."""
    answers = session(service, of_gadgetron(attribute), text(SCAN.xml, HEADER), SCAN.lines)
    expect_rows(answers, rows_of(model_file, tmp_path))
    assert {found.number for found in answers.messages} == {IMAGE, CLOSE}
    service.line(f'the parameter "{attribute.split("=")[0]}" is ')


def test_the_configuration_in_docs_is_understood(service: Service, model_file: Path, tmp_path: Path) -> None:
    root = ElementTree.parse(PACKAGING / "gadgetron" / "mriembed.xml").getroot()
    (configuration,) = root.findall("stream/external/configuration")
    before = len(service.log)
    sent = text(ElementTree.tostring(configuration).strip(), CONFIG_TEXT)
    expect_rows(session(service, sent, text(SCAN.xml, HEADER), SCAN.lines), rows_of(model_file, tmp_path))
    assert [line for line in service.log[before:] if "the parameter" in line] == []


def test_errors_reach_gadgetron_as_message_8(service: Service) -> None:
    sent = scan(Course(acceleration=2))
    answers = session(service, text(GADGETRON, CONFIG_TEXT), text(sent.xml, HEADER), sent.lines)
    assert any("undersampled" in line for line in answers.errors)
    assert {found.number for found in answers.messages} == {8, 4}


def test_a_header_that_places_nothing_reaches_gadgetron_as_an_error(service: Service) -> None:
    answers = session(service, text(GADGETRON, CONFIG_TEXT), text("Dummy XML header", HEADER), SCAN.lines)
    assert answers.errors
    assert {found.number for found in answers.messages} == {8, 4}


def test_the_option_makes_every_session_one_of_gadgetron(model_file: Path) -> None:
    with Service(model_file, "--gadgetron") as other:
        answers = send_scan(other, scan(Course(acceleration=2)))
        assert answers.errors
        assert answers.texts == []
        accelerated = send_scan(other, scan(COURSES["calibration inside"]))
        assert {found.number for found in accelerated.messages} == {1022, 4}


def test_a_text_of_the_client_and_waveforms_without_data_are_passed_over(service: Service) -> None:
    answers = session(
        service, config_file("x"), text("hello", TEXT), waveform(1, 5), text(SCAN.xml, HEADER), text(b"\xff", TEXT)
    )
    assert answers.images == []
