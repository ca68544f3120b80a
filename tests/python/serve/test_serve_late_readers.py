"""Clients that read their answers late or never."""

import struct
import time
from pathlib import Path

import numpy as np

from mrd_client import parse_answers
from mrd_codec import HEADER, acquisition, close, query, text
from scans_of_scanners import COURSES, Course, header, scan
from service import Row, Service, embed, expect_rows, expect_whole_rows, send_scan

SCAN = scan(COURSES["slices"])


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


def test_queries_whose_answers_nobody_reads_take_bounded_memory(service: Service, rows: list[Row]) -> None:
    service.forget_peak()
    before = service.memory()
    with service.connect(reading=False) as client:
        for _ in range(60):
            client.send(query("gadgetron::info") * 20000)
        assert service.memory() - before < 160 * 1024
    expect_rows(send_scan(service, SCAN), rows)
