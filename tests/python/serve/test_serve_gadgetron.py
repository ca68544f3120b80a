"""In a chain of Gadgetron, whose external node is imitated here, and proven on a module that nobody here wrote."""

import importlib.util
import json
import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from fake_gadgetron import ExternalNode, IllegalMessageError, RemoteError, connected, executed
from mrd_client import Answers
from mrd_codec import (
    CLOSE,
    ERROR,
    IMAGE,
    IMAGE_HEAD,
    Message,
    acquisition_head,
    acquisition_samples,
    close,
    image,
    message,
    query,
    read_message,
    text,
    waveform,
)
from packaging_texts import PACKAGING
from scans_of_scanners import COILS, COURSES, LINES, WIDTH, Course, Scan, scan
from service import Service, embed, expect_rows

SCAN = scan(COURSES["slices"])
_NODE = ElementTree.parse(PACKAGING / "gadgetron" / "mriembed.xml").getroot().find("stream/external/configuration")
assert _NODE is not None
CONFIGURATION = ElementTree.tostring(_NODE, encoding="unicode").strip()
TAP = '<configuration><mriembed return="tap"/></configuration>'

needs_peer = pytest.mark.skipif(
    importlib.util.find_spec("gadgetron") is None, reason="needs the package gadgetron (the extra `test`)"
)


def bytes_of(messages: Iterable[Message]) -> list[bytes]:
    return [message(found.number, found.body) for found in messages]


def answers_of(messages: Iterable[Message]) -> Answers:
    answers = Answers()
    for found in messages:
        answers.add(found)
    return answers


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (text("INFO    hello") + close(), IllegalMessageError),
        (query("gadgetron::info") + close(), IllegalMessageError),
        (text(SCAN.xml, 3) + close(), IllegalMessageError),
        (image(np.ones((1, 1, 2, 2), np.int16)) + close(), IllegalMessageError),
        (message(ERROR, b"\5\0\0\0\0\0\0\0wrong") + close(), RemoteError),
        (message(ERROR, b"\5\0\0\0\0\0\0\0wrong"), EOFError),
        (b"", EOFError),
    ],
    ids=["text", "query", "header", "int16", "error", "error alone", "nothing"],
)
def test_the_imitation_refuses_what_gadgetron_refuses(sent: bytes, expected: type[Exception]) -> None:
    ours, theirs = socket.socketpair()
    received: list[int] = []

    def module() -> None:
        with theirs, suppress(OSError, EOFError):  # Gadgetron has had enough
            theirs.sendall(sent)
            theirs.shutdown(socket.SHUT_WR)
            while found := read_message(lambda count: theirs.recv(count, socket.MSG_WAITALL) if count else b""):
                received.append(found.number)

    thread = threading.Thread(target=module)
    thread.start()
    with ours, pytest.raises(expected):
        ExternalNode(ours, "<configuration/>", SCAN.xml).process(SCAN.lines[:3])
    thread.join()
    if expected is RemoteError:
        assert received.count(CLOSE) == 1


def through_peer(sent: Scan, target: str, *more: bytes) -> list[Message]:
    """What a function of the package's examples gives back of a scan."""
    with executed("gadgetron.examples", target, sent.xml) as node:
        return node.process([*sent.lines, *more])


@needs_peer
def test_a_module_of_the_package_gadgetron_passes_everything_on() -> None:
    sent = scan(COURSES["noise"])
    assert bytes_of(through_peer(sent, "pass_through", waveform(2, 5))) == [*sent.lines, waveform(2, 5)]


def expected_pixels(sent: Scan, index: int) -> np.ndarray:
    """(y, x): root of the sum of squares over the coils, without oversampling."""
    kspace = np.zeros((COILS, LINES, WIDTH), np.complex128)
    for line in sent.of_slice(index):
        kspace[:, acquisition_head(line)["idx"]["kspace_encode_step_1"]] = acquisition_samples(line)
    coils = np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(kspace, (1, 2)), norm="ortho"), (1, 2))
    return np.asarray(np.sqrt((np.abs(coils) ** 2).sum(0))[:, WIDTH // 4 : 3 * WIDTH // 4])


def expect_images(found: list[Message], sent: Scan) -> None:
    """One of each slice."""
    assert [one.number for one in found] == [IMAGE] * 3
    for index, one in enumerate(found):
        head = np.frombuffer(one.body[:198], IMAGE_HEAD)[0]
        assert head["matrix_size"].tolist() == [WIDTH // 2, LINES, 1]
        count = LINES * WIDTH // 2
        pixels = np.frombuffer(one.body[len(one.body) - 4 * count :], "<f4").reshape(LINES, -1).astype(np.float64)
        expected = expected_pixels(sent, index)
        scale = (pixels * expected).sum() / (expected * expected).sum()
        assert scale > 0
        assert np.abs(pixels / scale - expected).max() < 1e-3 * expected.max()


@needs_peer
def test_a_module_of_the_package_gadgetron_reconstructs_what_the_imitation_sends() -> None:
    expect_images(through_peer(SCAN, "recon_acquisitions"), SCAN)


@pytest.mark.parametrize("name", ["slices", "noise", "repetitions", "partitions", "calibration inside"])
def test_the_service_answers_gadgetron_with_the_rows_of_the_file(
    name: str, service: Service, model_file: Path, tmp_path: Path
) -> None:
    sent = scan(COURSES[name])
    with connected(service.address, CONFIGURATION, sent.xml) as node:
        answers = answers_of(node.process([waveform(1, 4), *sent.lines, waveform(1, 4)]))
    expect_rows(answers, embed(model_file, sent.write(tmp_path / "scan.h5")))
    assert {found.number for found in answers.messages} == {IMAGE}


@needs_peer
def test_readouts_that_a_module_passed_on_give_the_same_rows(
    service: Service, model_file: Path, tmp_path: Path
) -> None:
    passed = bytes_of(through_peer(SCAN, "pass_through"))
    with connected(service.address, CONFIGURATION, SCAN.xml) as node:
        answers = answers_of(node.process(passed))
    expect_rows(answers, embed(model_file, SCAN.write(tmp_path / "scan.h5")))


def test_before_the_gadgets_of_a_chain_the_service_writes_rows_and_passes_everything_on(
    model_file: Path, tmp_path: Path
) -> None:
    sent = [waveform(1, 4), *SCAN.lines]
    with (
        Service(model_file, "--out", tmp_path / "rows.jsonl") as service,
        connected(service.address, TAP, SCAN.xml) as node,
    ):
        assert bytes_of(node.process(sent)) == sent
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    expected = embed(model_file, SCAN.write(tmp_path / "scan.h5"))
    assert [row["embedding"] for row in rows] == [row["embedding"] for row in expected]


@needs_peer
def test_a_reconstruction_behind_the_service_gives_the_same_images(service: Service) -> None:
    with connected(service.address, TAP, SCAN.xml) as node:
        passed = bytes_of(node.process(SCAN.lines))
    images = through_peer(Scan(SCAN.xml, passed), "recon_acquisitions")
    assert bytes_of(images) == bytes_of(through_peer(SCAN, "recon_acquisitions"))


def test_errors_of_the_service_end_the_chain_with_their_text_and_the_next_scan_works(
    service: Service, model_file: Path, tmp_path: Path
) -> None:
    undersampled = scan(Course(acceleration=2))
    with connected(service.address, CONFIGURATION, undersampled.xml) as node, pytest.raises(RemoteError) as caught:
        node.process(undersampled.lines)
    assert "undersampled" in str(caught.value)
    with connected(service.address, CONFIGURATION, SCAN.xml) as node:
        expect_rows(answers_of(node.process(SCAN.lines)), embed(model_file, SCAN.write(tmp_path / "scan.h5")))
