"""`--return tap` with clients that read late, slowly or never."""

import hashlib
import threading
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from mrd_client import parse_answers
from mrd_codec import ACQUISITION, HEADER, acquisition, close, text, waveform
from scans_of_scanners import COURSES, scan
from service import Service

SCAN = scan(COURSES["slices"])


@pytest.fixture(scope="module")
def tapped() -> list[bytes]:
    """131 MB, of which the connection and the service hold a part."""
    return [acquisition(np.full((32, 512), number, np.complex64), scan_counter=number) for number in range(1000)]


def test_the_tap_waits_for_a_client_that_reads_late(tapped: list[bytes], model_file: Path) -> None:
    with Service(model_file, "--return", "tap") as other, other.connect(reading=False) as late:
        sending = threading.Thread(target=late.send, args=(text(SCAN.xml, HEADER), tapped, close()))
        sending.start()
        sending.join(1)
        assert sending.is_alive(), "a connection that holds all of it tells nothing"
        content = bytearray()
        while part := late.socket.recv(1 << 20):
            content += part
        sending.join()
    assert bytes(content) == text(SCAN.xml, HEADER) + b"".join(tapped) + close()


def test_a_client_that_reads_after_all_is_sent_is_told_what_the_tap_leaves_out(
    tapped: list[bytes], model_file: Path
) -> None:
    before = [text(SCAN.xml, HEADER), *tapped]
    with Service(model_file, "--return", "tap", "--idle-timeout", 1) as other, other.connect(reading=False) as late:
        late.send(before, SCAN.of_slice(0), close())  # would never end
        content = bytearray()
        while part := late.socket.recv(1 << 20):
            content += part
        answers = parse_answers(bytes(content))
        assert answers.closed
        passed = [answer for answer in answers.messages if answer.number in (HEADER, ACQUISITION)]
        assert b"".join(answer.number.to_bytes(2, "little") + answer.body for answer in passed) == b"".join(
            before[: len(passed)]
        )
        lost = len(before) + len(SCAN.of_slice(0)) - len(passed)
        assert lost > 0
        assert any("takes nothing back" in line for line in answers.texts_with("ERROR"))
        assert answers.texts_with("WARNING")[-1].startswith(f"{lost} messages not passed on")
        other.line("takes nothing back")
        other.line(f"{lost} messages not passed on")


def test_a_client_that_takes_long_for_a_single_message_is_waited_for(model_file: Path) -> None:
    """Three messages of 33 MB, of which the service holds two: the third waits for a part of the first."""
    sent = [text(SCAN.xml, HEADER), *(waveform(128, 65535, scan_counter=number) for number in range(3)), close()]
    with Service(model_file, "--return", "tap", "--idle-timeout", 3) as other, other.connect(reading=False) as slow:
        sending = threading.Thread(target=slow.send, args=sent)
        sending.start()
        content = hashlib.sha256()
        begin = time.monotonic()
        # A socket says that it takes more once a part of its buffer of megabytes is free: some 0.3 s at this speed.
        while part := slow.socket.recv(1 << 18):
            content.update(part)
            if time.monotonic() < begin + 5:  # longer than the service waits for who takes nothing
                time.sleep(0.1)
        sending.join()
    assert content.hexdigest() == hashlib.sha256(b"".join(sent)).hexdigest()


def test_a_service_whose_tap_waits_ends_within_two_seconds(tapped: list[bytes], model_file: Path) -> None:
    with Service(model_file, "--return", "tap") as other, other.connect(reading=False) as stalled:
        stalled.socket.settimeout(1)
        with suppress(TimeoutError):
            stalled.send(text(SCAN.xml, HEADER), tapped)
        other.stop()
