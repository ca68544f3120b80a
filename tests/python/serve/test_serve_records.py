"""What the service writes: rows as they come, and sessions as they were received."""

import csv
import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from mrd_client import parse_answers
from mrd_codec import HEADER, config_file, image, query, text, waveform
from program import PROGRAM
from scans_of_scanners import COURSES, Course, Scan, scan
from service import KEY, Row, Service, embed, expect_rows, expect_whole_rows, run, send_scan

SCAN = scan(COURSES["slices"])
ALL = config_file("openrecon") + SCAN.session()


def nameless(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "file"}


def written(path: Path, count: int) -> list[Row]:
    """The rows, once there are so many."""
    end = time.monotonic() + 10
    while time.monotonic() < end and (not path.exists() or path.read_text().count("\n") < count):
        time.sleep(0.02)
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_each_row_is_written_when_its_slice_is_answered(model_file: Path, rows: list[Row], tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    with Service(model_file, "--out", path) as service, service.connect() as client:
        client.send(text(SCAN.xml, HEADER))
        for index in range(3):
            client.send(SCAN.of_slice(index))
            client.image()
            assert [nameless(row) for row in written(path, index + 1)] == [nameless(row) for row in rows[: index + 1]]
        client.finish()


@pytest.mark.parametrize("name", ["noise", "calibration before", "partial Fourier", "partitions", "repetitions"])
def test_rows_have_the_members_of_those_of_embed(name: str, model_file: Path, tmp_path: Path) -> None:
    sent, path = scan(COURSES[name]), tmp_path / "rows.jsonl"
    with Service(model_file, "--out", path) as service:
        send_scan(service, sent)
    expected = embed(model_file, sent.write(tmp_path / "scan.h5"))
    found = written(path, len(expected))

    def order(row: Row) -> tuple[int, ...]:
        return tuple(row[name] for name in KEY)

    assert [nameless(row) for row in sorted(found, key=order)] == [nameless(row) for row in sorted(expected, key=order)]


def test_rows_say_of_which_session_they_are(model_file: Path, tmp_path: Path) -> None:
    path, saved = tmp_path / "rows.jsonl", tmp_path / "saved"
    with Service(model_file, "--out", path, "--save", saved) as service:
        for _ in range(2):
            send_scan(service, SCAN)
    names = [row["file"] for row in written(path, 6)]
    assert names[:3] == [names[0]] * 3
    assert names[3:] == [names[3]] * 3
    assert names[0] != names[3]
    assert {f"{name.removesuffix('.mrd')}.mrd" for name in names} == {file.name for file in saved.iterdir()}


def test_tables_grow_below_one_line_of_names(model_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    for _ in range(2):
        with Service(model_file, "--out", path) as service:
            send_scan(service, SCAN)
    run("embed", model_file, SCAN.write(tmp_path / "scan.h5"), "-o", tmp_path / "expected.csv")
    with path.open(newline="") as file, (tmp_path / "expected.csv").open(newline="") as other:
        found, expected = list(csv.DictReader(file)), list(csv.DictReader(other))
    assert [nameless(row) for row in found] == [nameless(row) for row in [*expected, *expected]]


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.csv"])
def test_a_row_that_a_power_failure_cut_does_not_take_the_next_one_with_it(
    name: str, model_file: Path, tmp_path: Path
) -> None:
    path = tmp_path / name
    with Service(model_file, "--out", path) as service:
        send_scan(service, SCAN)
    before = path.read_text()
    cut = before[: -len(before.splitlines()[-1]) // 2]
    path.write_text(cut)
    with Service(model_file, "--out", path) as service:
        send_scan(service, SCAN)
    lines = path.read_text().splitlines()
    rows = before.splitlines()[-3:]
    assert len(lines) == len(before.splitlines()) + 3
    assert lines[-4] == cut.splitlines()[-1]
    for line, row in zip(lines[-3:], rows, strict=True):
        assert line[-1000:] == row[-1000:]


@pytest.mark.parametrize(
    ("option", "name"), [("--out", "no folder/rows.jsonl"), ("--save", "file/saved"), ("--noise-store", "file/n")]
)
def test_where_nothing_can_be_written_the_service_does_not_start(
    option: str, name: str, model_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    ended = run("serve", model_file, "--listen", "127.0.0.1:0", option, tmp_path / name)
    assert ended.returncode in (1, 2)
    assert str(tmp_path / name) in ended.stderr.decode()


def test_rows_go_to_a_new_file_where_the_log_was_rotated(model_file: Path, rows: list[Row], tmp_path: Path) -> None:
    path, rotated = tmp_path / "rows.jsonl", tmp_path / "rows.jsonl.1"
    with Service(model_file, "--out", path) as service:
        send_scan(service, SCAN)
        path.rename(rotated)
        answers = send_scan(service, SCAN)
        expect_rows(answers, rows)
        assert not answers.texts_with("ERROR")
    for one in (path, rotated):
        assert [nameless(row) for row in written(one, 3)] == [nameless(row) for row in rows]


def test_rows_whose_folder_is_gone_are_told_of_and_cost_no_answer(
    model_file: Path, rows: list[Row], tmp_path: Path
) -> None:
    folder = tmp_path / "mounted"
    folder.mkdir()
    path = folder / "rows.jsonl"
    with Service(model_file, "--out", path) as service:
        assert service.address  # it has opened the file
        shutil.rmtree(folder)
        answers = send_scan(service, SCAN)
        expect_rows(answers, rows)
        assert len([line for line in answers.texts_with("ERROR") if str(path) in line]) == 1
        folder.mkdir()
        assert not send_scan(service, SCAN).texts_with("ERROR")
    assert [nameless(row) for row in written(path, 3)] == [nameless(row) for row in rows]


def test_the_log_does_not_go_to_the_rows_where_standard_error_is_closed(model_file: Path, tmp_path: Path) -> None:
    """The first file that is opened would get its number."""
    path = tmp_path / "rows.jsonl"
    command = [str(PROGRAM), "serve", str(model_file), "--stdio", "--out", str(path)]
    session = config_file("openrecon") + SCAN.session()
    ended = subprocess.run(
        command, check=False, input=session, stdout=subprocess.PIPE, timeout=60, preexec_fn=lambda: os.close(2)
    )
    assert ended.returncode == 0
    assert len(parse_answers(ended.stdout).embeddings()) == 3
    assert len(expect_whole_rows(path, 3)) == 3


def test_rows_of_sessions_at_the_same_time_are_whole(model_file: Path, rows: list[Row], tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    with Service(model_file, "--out", path) as service:
        clients = [service.connect() for _ in range(6)]
        for client in clients:
            client.send(text(SCAN.xml, HEADER))
        for line in SCAN.lines:
            for client in clients:
                client.send(line)
        for client in clients:
            expect_rows(client.finish(), rows)
    found = written(path, 18)
    assert len(found) == 18
    for name in {row["file"] for row in found}:
        assert [nameless(row) for row in found if row["file"] == name] == [nameless(row) for row in rows]


def test_nothing_is_written_where_nothing_is_asked_for(model_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    with Service(model_file, "--return", "none", "--out", path) as service:
        assert send_scan(service, SCAN).images == []
    assert len(written(path, 3)) == 3  # `--return` is about answers


def only_file(folder: Path) -> Path:
    (file,) = folder.iterdir()
    assert file.suffix == ".mrd"
    return file


@pytest.mark.parametrize(
    "content",
    [
        ALL,
        config_file("x" * 1024) + text(SCAN.xml, HEADER, nul=True) + b"".join(SCAN.lines) + b"\4\0",
        query("gadgetron::info")
        + waveform(3, 9)
        + text("{}", nul=True)
        + image(np.ones((1, 1, 2, 3), np.uint16), b"<ismrmrdMeta/>\0")
        + SCAN.session(),
        ALL[:30000],
        text("Dummy XML header", HEADER) + b"".join(SCAN.lines) + b"\4\0",
        ALL[:-2] + b"\x06\x04garbage of an unknown message" + bytes(100),
    ],
    ids=["all", "longest name", "other messages", "cut", "dummy header", "garbage at the end"],  # bytes make long names
)
def test_a_session_is_saved_byte_by_byte(content: bytes, model_file: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    with Service(model_file, "--save", saved) as service:
        with service.connect() as client:
            client.send(content)
            client.socket.shutdown(socket.SHUT_WR)
            client.end_of_stream()
        end = time.monotonic() + 5
        while time.monotonic() < end and only_file(saved).read_bytes() != content:
            time.sleep(0.02)
        assert only_file(saved).read_bytes() == content


def test_a_long_session_without_a_header_is_saved_and_does_not_fill_the_memory(
    model_file: Path, tmp_path: Path
) -> None:
    saved = tmp_path / "saved"
    part = image(np.ones((1, 1, 1024, 2048), np.uint16))
    with Service(model_file, "--save", saved) as service:
        with service.connect() as client:
            service.line("listening|model")
            before = service.memory("VmRSS")
            client.send(*[part] * 16)
            client.socket.shutdown(socket.SHUT_WR)
            client.end_of_stream()
        assert service.memory() - before < 40 << 10, "KiB; 64 MiB were sent"
        assert only_file(saved).read_bytes() == part * 16


def test_what_came_before_the_service_was_killed_is_saved(model_file: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    with Service(model_file, "--save", saved) as service:
        client = service.connect()
        client.send(text(SCAN.xml, HEADER), SCAN.of_slice(0))
        client.image()
        service.process.kill()
        service.process.wait()
        client.hang_up()
    content = text(SCAN.xml, HEADER) + b"".join(SCAN.of_slice(0))
    assert content.startswith(only_file(saved).read_bytes())


def test_a_saved_session_is_a_scan_to_embed_and_to_send(model_file: Path, rows: list[Row], tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    with Service(model_file, "--save", saved) as service:
        send_scan(service, SCAN)
        first = only_file(saved)
        assert first.read_bytes() == ALL
        assert [nameless(row) for row in embed(model_file, first)] == [nameless(row) for row in rows]
        host, port = service.address
        sent = run("send", first, f"{host}:{port}", "-o", tmp_path / "sent.npy")
        assert sent.returncode == 0, sent.stderr
        again = [file for file in saved.iterdir() if file != first]
    assert [file.read_bytes()[1026:] for file in again] == [ALL[1026:]]
    expected = np.array([row["embedding"] for row in rows], np.float32)
    assert np.load(tmp_path / "sent.npy").tobytes() == expected.tobytes()


def test_saved_sessions_stay_below_their_limit(model_file: Path, rows: list[Row], tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    assert 3 * len(ALL) < 1 << 20
    with Service(model_file, "--save", saved, "--save-limit", 1) as service:
        told = []
        for _ in range(8):
            answers = send_scan(service, SCAN)
            expect_rows(answers, rows)
            told += [line for line in answers.texts if "save" in line]
            assert sum(file.stat().st_size for file in saved.iterdir()) <= 1 << 20
    assert told or len(list(saved.iterdir())) < 8
    assert any(file.read_bytes() == ALL for file in saved.iterdir())


def test_sessions_of_earlier_runs_count_toward_the_limit(model_file: Path, tmp_path: Path) -> None:
    """As where the service ends after every scan."""
    saved = tmp_path / "saved"
    told = []
    for _ in range(6):
        with Service(model_file, "--save", saved, "--save-limit", 1, "--once") as service:
            answers = send_scan(service, SCAN)
            assert len(answers.embeddings()) == 3
            told += [line for line in answers.texts if "--save-limit" in line]
            service.process.wait(timeout=5)
        assert sum(file.stat().st_size for file in saved.iterdir()) <= 1 << 20
    assert sum(file.read_bytes() == ALL for file in saved.iterdir()) == (1 << 20) // len(ALL)
    assert len(told) == 6 - (1 << 20) // len(ALL)


def test_a_folder_that_has_reached_its_limit_is_warned_of_at_the_start(model_file: Path, tmp_path: Path) -> None:
    (tmp_path / "earlier.mrd").write_bytes(bytes(1 << 20))
    with Service(model_file, "--save", tmp_path, "--save-limit", 1) as service:
        warned = service.line("warning")
    assert str(tmp_path) in warned
    assert "--save-limit" in warned


def test_a_session_larger_than_the_limit_is_embedded_nevertheless(model_file: Path, tmp_path: Path) -> None:
    course = Course(order=("repetition", "slice", "kspace_encode_step_1"), counts=(("repetition", 20), ("slice", 1)))
    sent, saved = scan(course), tmp_path / "saved"
    assert len(sent.session()) > 1 << 20
    with Service(model_file, "--save", saved, "--save-limit", 1) as service:
        answers = send_scan(service, sent)
        expect_rows(answers, embed(model_file, sent.write(tmp_path / "scan.h5")))
        assert answers.texts_with("WARNING") or answers.texts_with("ERROR")
        assert sum(file.stat().st_size for file in saved.iterdir()) <= 1 << 20


def test_sessions_of_another_run_are_not_overwritten(model_file: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    for count in (1, 2, 3):
        with Service(model_file, "--save", saved) as service:
            send_scan(service, Scan(SCAN.xml, SCAN.lines))
        assert len(list(saved.iterdir())) == count
        assert all(file.read_bytes() == ALL for file in saved.iterdir())
