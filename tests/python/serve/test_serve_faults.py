"""Clients that vanish, lie, stall or send garbage, signals, and full disks: nobody else notices, and rows are whole."""

import hashlib
import json
import random
import resource
import signal
import socket
import struct
import threading
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from mrd_client import Client, parse_answers
from mrd_codec import (
    ACQUISITION,
    CONFIG_TEXT,
    DEPENDENCY_QUERY,
    HEADER,
    IMAGE,
    QUERY,
    TEXT,
    WAVEFORM,
    acquisition,
    close,
    config_file,
    message,
    query,
    text,
    waveform,
)
from scans_of_scanners import COURSES, Course, Scan, header, scan
from service import Row, Service, embed, expect_rows, send_scan

SCAN = scan(COURSES["slices"])
SESSION = config_file("openrecon") + SCAN.session()
SOME = 32 * 1024  # KiB of memory that buffers may take, whatever is announced


@pytest.fixture
def rows(model_file: Path, tmp_path: Path) -> list[Row]:
    return embed(model_file, SCAN.write(tmp_path / "scan.h5"))


def expect_whole_rows(path: Path, most: int) -> list[Row]:
    """Lines of JSON, each of them whole."""
    content = path.read_text()
    assert content == "" or content.endswith("\n")
    found = [json.loads(line) for line in content.splitlines()]
    assert len(found) <= most
    assert all(len(row["embedding"]) == 256 for row in found)
    return found


PLACES = [1, 2, 500, 1025, 1026, 1027, 1029, 1032, 1800, 2500, 2700, 12345, len(SESSION) - 3, len(SESSION) - 1]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("how", ["reset", "closed", "closed on its side"])
def test_a_client_that_vanishes_is_not_missed(place: int, how: str, service: Service, rows: list[Row]) -> None:
    client = service.connect()
    client.send(SESSION[:place])
    if how == "reset":
        client.vanish()
    elif how == "closed":
        client.hang_up()
    else:
        client.socket.shutdown(socket.SHUT_WR)
        client.end_of_stream()
    expect_rows(send_scan(service, SCAN), rows)


def test_clients_that_say_nothing_are_not_missed(service: Service, rows: list[Row]) -> None:
    for _ in range(20):
        service.connect().hang_up()
    expect_rows(send_scan(service, SCAN), rows)


@pytest.mark.parametrize("seed", range(40))
def test_garbage_is_refused(seed: int, service: Service) -> None:
    chosen = random.Random(seed)
    content = bytearray(SESSION)
    if seed < 10:
        content = bytearray(chosen.randbytes(5000))
    else:
        for _ in range(chosen.choice([1, 5, 50])):
            content[chosen.randrange(1026, len(content))] = chosen.randrange(256)
    with service.connect() as client:
        client.send(bytes(content))
        client.socket.shutdown(socket.SHUT_WR)
        client.end_of_stream()
        assert client.answers.closed


def test_after_garbage_the_rows_are_those_of_embed(service: Service, rows: list[Row]) -> None:
    expect_rows(send_scan(service, SCAN), rows)


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


def test_a_client_that_never_reads_disturbs_nobody(model_file: Path, rows: list[Row], tmp_path: Path) -> None:
    written = tmp_path / "rows.jsonl"
    with Service(model_file, "--out", written, "--return", "both") as other:
        stalled = other.connect(reading=False)
        stalled.socket.settimeout(20)
        repetitions = scan(
            Course(order=("repetition", "slice", "kspace_encode_step_1"), counts=(("repetition", 700), ("slice", 1)))
        )
        stalled.send(text(repetitions.xml, HEADER), repetitions.lines)  # reading never waits for results
        expect_rows(send_scan(other, SCAN, text('{"return": "embedding"}')), rows)
        stalled.send(close())
        other.line("session", 1)
        deadline = time.monotonic() + 60
        while len(written.read_text().splitlines()) < 703 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert len(expect_whole_rows(written, 703)) == 703
        stalled.vanish()


def test_the_answers_of_a_slow_reader_are_all_there(service: Service, model_file: Path, tmp_path: Path) -> None:
    sent = scan(COURSES["repetitions"])
    slow = service.connect(reading=False)
    slow.send(text(sent.xml, HEADER), sent.lines, close())
    time.sleep(1)
    content = b""
    while part := slow.socket.recv(1000):
        content += part
    expect_rows(parse_answers(content), embed(model_file, sent.write(tmp_path / "scan.h5")))


def test_answers_that_a_client_leaves_lying_are_bounded_and_counted(service: Service) -> None:
    """700 images of 128 x 256 are 92 MB: either all come late, or a text tells how many do not."""
    xml = header({"kspace_encoding_step_1": (0, 255, 128)}, matrix=(256, 256, 1), recon=(128, 256, 1))
    samples = np.random.default_rng(0).standard_normal((256, 1, 512)).astype(np.float32).view(np.complex64)
    lines = [bytearray(acquisition(line, kspace_encode_step_1=step)) for step, line in enumerate(samples)]
    service.forget_peak()
    before = service.memory()
    late = service.connect(reading=False)
    late.send(text(xml, HEADER), text('{"return": "images"}'))
    for repetition in range(700):
        for line in lines:
            struct.pack_into("<H", line, 2 + 242 + 12, repetition)
        late.send(b"".join(lines))
    late.send(close())
    assert service.memory() - before < 128 * 1024
    content = bytearray()
    while part := late.socket.recv(1 << 20):
        content += part
    answers = parse_answers(bytes(content))
    assert answers.closed
    told = answers.texts_with("WARNING") + answers.texts_with("ERROR")
    assert len(answers.images) == 700 or any(str(700 - len(answers.images)) in line for line in told), answers.texts


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


def mid_scan(service: Service) -> Client:
    """A client whose second slice is on its way."""
    client = service.connect()
    client.send(text(SCAN.xml, HEADER), SCAN.of_slice(0), SCAN.of_slice(1)[:10])
    client.image()
    return client


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_service_within_two_seconds_with_whole_rows(
    number: int, model_file: Path, rows: list[Row], tmp_path: Path
) -> None:
    written = tmp_path / "rows.jsonl"
    with Service(model_file, "--out", written) as other:
        clients = [mid_scan(other) for _ in range(3)]
        clients.append(other.connect())
        stalled = other.connect(reading=False)
        stalled.send(SESSION[:3000])
        other.stop(number)
        for client in clients[:3]:
            client.end_of_stream(5)
    found = expect_whole_rows(written, 3)
    assert [row["embedding"] for row in found] == [rows[0]["embedding"]] * 3


def test_a_killed_service_leaves_whole_rows(model_file: Path, rows: list[Row], tmp_path: Path) -> None:
    written = tmp_path / "rows.jsonl"
    for count in range(1, 4):
        with Service(model_file, "--out", written) as other:
            client = mid_scan(other)
            other.process.kill()
            other.process.wait()
            client.hang_up()
        found = expect_whole_rows(written, count)  # the next service appends
        assert [row["embedding"] for row in found] == [rows[0]["embedding"]] * count


def test_the_service_can_be_started_again_at_once(model_file: Path, rows: list[Row]) -> None:
    with Service(model_file) as first:
        port = first.address[1]
        client = mid_scan(first)
        first.stop()
        client.hang_up()
    with Service(model_file, "--listen", f"127.0.0.1:{port}", listen=False) as second:
        expect_rows(send_scan(second, SCAN), rows)


def test_a_full_disk_under_the_rows_costs_the_rows_alone(model_file: Path, rows: list[Row], tmp_path: Path) -> None:
    full = tmp_path / "rows.jsonl"
    full.symlink_to("/dev/full")
    with Service(model_file, "--out", full) as other:
        for session in (1, 2):
            answers = send_scan(other, SCAN)
            expect_rows(answers, rows)
            told = answers.texts_with("WARNING") + answers.texts_with("ERROR")
            assert len([line for line in told if "No space left" in line]) == 1, answers.texts
            other.line("No space left", session)
        assert len([line for line in other.log if "No space left" in line]) == 2


def test_a_row_that_does_not_fit_leaves_whole_rows(model_file: Path, rows: list[Row], tmp_path: Path) -> None:
    written = tmp_path / "rows.jsonl"
    most = 7000  # bytes: two rows and a part of the third
    with Service(
        model_file, "--out", written, limit=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    ) as other:
        answers = send_scan(other, SCAN)
        expect_rows(answers, rows)
        told = answers.texts_with("WARNING") + answers.texts_with("ERROR")
        assert len([line for line in told if "rows.jsonl" in line]) == 1, answers.texts
    found = expect_whole_rows(written, 2)
    assert len(found) in (1, 2)


def test_a_full_disk_under_the_saved_sessions_costs_these_alone(
    model_file: Path, rows: list[Row], tmp_path: Path
) -> None:
    saved = tmp_path / "saved"
    most = 20000
    with Service(
        model_file, "--save", saved, limit=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    ) as other:
        for session in (1, 2):
            answers = send_scan(other, SCAN)
            expect_rows(answers, rows)
            told = answers.texts_with("WARNING") + answers.texts_with("ERROR")
            assert len([line for line in told if "File too large" in line]) == 1, answers.texts
            other.line("File too large", session)


def test_a_client_that_stays_after_close_does_not_keep_the_next_one_out(model_file: Path, rows: list[Row]) -> None:
    with Service(model_file, "--sessions", 1) as other, other.connect(reading=False) as staying:
        staying.send(SESSION)
        begin = time.monotonic()
        expect_rows(send_scan(other, SCAN), rows)
        assert time.monotonic() - begin < 10


def test_queries_whose_answers_nobody_reads_take_bounded_memory(service: Service, rows: list[Row]) -> None:
    service.forget_peak()
    before = service.memory()
    with service.connect(reading=False) as client:
        for _ in range(60):
            client.send(query("gadgetron::info") * 20000)
        assert service.memory() - before < 160 * 1024
    expect_rows(send_scan(service, SCAN), rows)


def test_many_who_only_connect_do_not_keep_a_scanner_out(model_file: Path, rows: list[Row]) -> None:
    with Service(model_file, "--sessions", 2, "--header-timeout", 1) as other:
        idle = [other.connect() for _ in range(6)]
        expect_rows(send_scan(other, SCAN), rows)
        for client in idle:
            client.end_of_stream(10)


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


@pytest.mark.parametrize(
    "name", ["a&#10;mriembed_cli: note: forged", "&#13;&#9;&#133;b", "c\x7f\u202e\u2028d", "e" * 5000]
)
def test_what_a_client_calls_things_does_not_forge_lines(name: str, service: Service) -> None:
    """Neither in the log, which the service's end looks at, nor in texts, which the client does."""
    sent = scan(COURSES["slices"], measurement=name, noise=name)
    answers = send_scan(
        service, sent, text(json.dumps({"return": f"{name}\n\x1b[31m"})), text('{"return": "embedding"}')
    )
    assert len(answers.embeddings()) == 3
    assert not any(line.startswith("mriembed_cli: note: forged") for line in service.log)
