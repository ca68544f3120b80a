"""Memory in proportion to the bytes that arrive, whatever a client announces, and all of it given back."""

import struct
import time

import numpy as np
import pytest

from mrd_codec import (
    ACQUISITION,
    CONFIG_TEXT,
    DEPENDENCY_QUERY,
    HEADER,
    IMAGE,
    QUERY,
    TEXT,
    WAVEFORM,
    config_file,
    message,
    query,
    text,
)
from scans_of_scanners import COURSES, Scan, scan
from service import Row, Service, expect_rows, send_scan

SCAN = scan(COURSES["slices"])
SESSION = config_file("openrecon") + SCAN.session()
SOME = 32 * 1024  # KiB of memory that buffers may take, whatever is announced


def of_head(number: int, size: int, *fields: tuple[int, str, tuple[int, ...]]) -> bytes:
    head = bytearray(size)
    for place, kind, values in fields:
        struct.pack_into(kind, head, place, *values)
    return message(number, bytes(head))


MANY = 65535
LIES = {
    "configuration": message(CONFIG_TEXT, struct.pack("<I", 2**32 - 1)),
    "header": message(HEADER, struct.pack("<I", 2**32 - 1)),
    "text": message(TEXT, struct.pack("<I", 2**32 - 1)),
    "query": message(QUERY, struct.pack("<QQQ", 0, 1, 2**64 - 1)),
    "query of a sane length": message(QUERY, struct.pack("<QQQ", 0, 1, 2**40)),
    "error": message(8, struct.pack("<Q", 2**63)),
    "dependency query": message(DEPENDENCY_QUERY, struct.pack("<Q", 2**63)),
    "readout": of_head(ACQUISITION, 340, (34, "<HHH", (MANY, MANY, MANY))),
    "trajectory": of_head(ACQUISITION, 340, (34, "<HHH", (MANY, 1, 1)), (176, "<H", (MANY,))),
    "compressed readout": of_head(ACQUISITION, 340, (2, "<Q", (1 << 52,)), (34, "<HHH", (MANY, MANY, MANY)))
    + b"\xff" * 4,
    "image": of_head(IMAGE, 198, (2, "<H", (8,)), (16, "<HHH", (MANY, MANY, MANY)), (34, "<H", (MANY,))) + bytes(8),
    "attributes": of_head(IMAGE, 198, (2, "<H", (7,))) + struct.pack("<Q", 2**64 - 1),
    "attributes of a sane length": of_head(IMAGE, 198, (2, "<H", (7,))) + struct.pack("<Q", 2**40),
    "waveform": of_head(WAVEFORM, 40, (28, "<HH", (MANY, MANY))),
}


@pytest.mark.parametrize("kind", LIES)
@pytest.mark.parametrize("header", [False, True])
def test_announced_lengths_take_memory_only_as_bytes_arrive(
    kind: str, header: bool, service: Service, rows: list[Row]
) -> None:
    send_scan(service, SCAN)
    service.forget_peak()
    before = service.memory()
    arrived = bytes(1 << 20)
    with service.connect() as client:
        client.send(text(SCAN.xml, HEADER) if header else b"", LIES[kind])
        try:
            client.send(arrived)
            time.sleep(0.1)
        except OSError:
            pass  # refused already
        assert service.memory() - before < SOME
    expect_rows(send_scan(service, SCAN), rows)


@pytest.mark.parametrize("number", [CONFIG_TEXT, HEADER, TEXT])
def test_texts_of_a_hundred_megabytes_are_refused_also_where_they_arrive(
    number: int, service: Service, rows: list[Row]
) -> None:
    service.forget_peak()
    before = service.memory()
    with service.connect() as client:
        client.send(text(SCAN.xml, HEADER) if number == TEXT else b"", text(b" " * 100_000_000, number))
        assert client.finish().texts_with("ERROR")
    assert service.memory() - before < SOME
    expect_rows(send_scan(service, SCAN), rows)


def test_a_matrix_that_the_lines_do_not_fill_takes_no_memory(service: Service) -> None:
    """The header announces 65535 x 65535 x 512: each slice would be terabytes."""
    xml = SCAN.xml.replace("<x>64</x><y>32</y><z>1</z>", "<x>65535</x><y>65535</y><z>512</z>")
    assert xml != SCAN.xml
    service.forget_peak()
    before = service.memory()
    with service.connect() as client:
        client.send(text(xml, HEADER), SCAN.lines)
        client.finish()
    assert service.memory() - before < SOME


def test_lines_of_ever_new_slices_take_memory_in_proportion(service: Service) -> None:
    """One line of each of 3000 slices of 256 x 256: buffers of whole slices would be 6 GB."""
    xml = SCAN.xml.replace("<x>64</x><y>32</y>", "<x>256</x><y>256</y>")
    assert xml != SCAN.xml
    line = bytearray(SCAN.lines[0])
    service.forget_peak()
    before = service.memory()
    with service.connect() as client:
        client.send(text(xml, HEADER))
        for number in range(3000):
            struct.pack_into("<H", line, 2 + 242 + 6, number)
            client.send(bytes(line))
        client.finish()
    assert service.memory() - before < 64 * 3000 * len(line) // 1024 + SOME


def test_random_numbers_in_a_readout_s_header_take_no_memory(service: Service, rows: list[Row]) -> None:
    drawn = np.random.default_rng(0)
    service.forget_peak()
    before = service.memory()
    for _ in range(60):
        head = drawn.integers(0, 256, 340, np.uint8).tobytes()
        with service.connect() as client:
            client.send(text(SCAN.xml, HEADER), message(ACQUISITION, head))
            client.send(query("gadgetron::info"))
    assert service.memory() - before < SOME
    expect_rows(send_scan(service, Scan(SCAN.xml, SCAN.lines)), rows)


def test_sessions_leave_no_memory_threads_or_descriptors(service: Service) -> None:
    def sessions(count: int) -> None:
        for _ in range(count):
            send_scan(service, SCAN)
            client = service.connect()
            client.send(SESSION[:20000])
            client.vanish()
        deadline = time.monotonic() + 10
        while service.descriptors() > descriptors and time.monotonic() < deadline:
            time.sleep(0.05)

    assert service.address  # it listens
    descriptors = service.descriptors()
    sessions(20)
    memory, threads = service.memory("VmRSS"), service.threads()
    sessions(200)
    # The last connection may have been accepted after the descriptors were counted.
    deadline = time.monotonic() + 10
    while service.threads() > threads + 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert service.threads() <= threads + 1
    assert service.descriptors() <= descriptors
    assert service.memory("VmRSS") - memory < 20 * 1024
