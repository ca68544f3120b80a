"""Addresses, standard input and output, the number of sessions, and time limits."""

import re
import socket
import subprocess
import time
from pathlib import Path

import pytest

from mrd_client import parse_answers
from mrd_codec import HEADER, config_file, text
from program import PROGRAM
from scans_of_scanners import COURSES, Course, scan
from service import Row, Service, expect_rows, run, send_scan

SCAN = scan(COURSES["slices"])


def test_help_names_every_option() -> None:
    shown = run("serve", "--help")
    assert shown.returncode == 0
    for option in (
        *("listen", "stdio", "once", "sessions", "return", "out", "save", "save-limit", "header-timeout"),
        *("idle-timeout", "gadgetron", "noise-store", "no-prewhiten", "allow-undersampled"),
        *("device", "precision", "threads", "memory", "backend", "trust", "allow-unsealed"),
    ):
        assert f"--{option}" in shown.stdout.decode()
    assert "9002" in shown.stdout.decode()


@pytest.mark.parametrize(
    "options",
    [
        ["--listen", "nowhere"],
        ["--listen", "127.0.0.1"],
        ["--listen", "127.0.0.1:65536"],
        ["--listen", "127.0.0.1:-1"],
        ["--listen", "127.0.0.1:0", "--sessions", "0"],
        ["--listen", "127.0.0.1:0", "--return", "jpeg"],
        ["--listen", "127.0.0.1:0", "--out", "rows.txt"],
        ["--listen", "127.0.0.1:0", "--header-timeout", "-1"],
        ["--stdio", "--listen", "127.0.0.1:0"],
        ["--listen", "127.0.0.1:0", "unknown"],
    ],
)
def test_wrong_usage_has_exit_code_2(options: list[str], model_file: Path) -> None:
    assert run("serve", model_file, *options).returncode == 2


def test_a_bad_model_has_exit_code_3(tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(b"no model")
    result = run("serve", tmp_path / "model.pt", "--listen", "127.0.0.1:0")
    assert result.returncode == 3
    assert b"model.pt" in result.stderr
    assert result.stderr.index(b"listening on") < result.stderr.index(b"error"), "it listens before it loads the model"


def test_a_client_of_a_service_with_a_bad_model_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(b"no model")
    result = run("serve", tmp_path / "model.pt", "--stdio", input=config_file("any") + SCAN.session())
    assert result.returncode == 3
    answers = parse_answers(result.stdout)
    assert answers.closed
    assert any("model.pt" in line for line in answers.texts_with("ERROR")), answers.texts


def test_an_idle_service_takes_less_than_60_mb(model_file: Path) -> None:
    with Service(model_file) as other:
        end = time.monotonic() + 30
        while b"sha256" not in run("ping", "{}:{}".format(*other.address)).stdout:  # the model is being loaded
            assert time.monotonic() < end
        assert other.memory("VmRSS") * 1024 < 60e6


def test_a_port_that_is_taken_is_an_error_of_one_line(service: Service, model_file: Path) -> None:
    address = f"127.0.0.1:{service.address[1]}"
    result = run("serve", model_file, "--listen", address)
    assert result.returncode == 2
    (line,) = [line for line in result.stderr.decode().splitlines() if "error" in line]
    assert address in line


def test_a_port_that_is_taken_leaves_no_files(service: Service, model_file: Path, tmp_path: Path) -> None:
    address = f"127.0.0.1:{service.address[1]}"
    files = ["--out", tmp_path / "rows.jsonl", "--save", tmp_path / "saved", "--noise-store", tmp_path / "noise"]
    assert run("serve", model_file, "--listen", "127.0.0.1:0", "--listen", address, *files).returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_only_addresses_that_others_reach_are_warned_of(model_file: Path, service: Service) -> None:
    with Service(model_file, "--listen", "0.0.0.0:0", listen=False) as other:
        other.addresses(1)
        assert "encrypted" in other.line("warning")
    assert service.address
    assert [line for line in service.log if "warning" in line] == []


def test_several_addresses_are_listened_on(model_file: Path, rows: list[Row]) -> None:
    with Service(model_file, "--listen", "127.0.0.1:0") as other:
        for address in other.addresses(2):
            with socket.create_connection(address) as connection:
                connection.sendall(SCAN.session())
                content = b""
                while part := connection.recv(1 << 16):
                    content += part
            expect_rows(parse_answers(content), rows)


def test_version_6_addresses_are_listened_on(model_file: Path, rows: list[Row]) -> None:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6")
    with Service(model_file, "--listen", "[::1]:0", listen=False) as other:
        assert other.address[0] == "::1"
        expect_rows(send_scan(other, SCAN), rows)
        assert [line for line in other.log if "warning" in line] == []


def test_the_log_tells_of_each_session_how_many_slices_it_had(service: Service) -> None:
    before = len([line for line in service.log if "3 slices embedded" in line])
    for count in (1, 2):
        send_scan(service, SCAN)
        service.line("3 slices embedded", before + count)


def test_once_ends_well_after_the_first_session(model_file: Path, rows: list[Row]) -> None:
    with Service(model_file, "--once") as other:
        expect_rows(send_scan(other, SCAN), rows)
        assert other.process.wait(timeout=5) == 0


def session_on_pipes(model: Path, content: bytes, *options: object) -> subprocess.CompletedProcess[bytes]:
    return run("serve", model, "--stdio", *options, input=content)


def test_a_session_is_held_on_standard_input_and_output(model_file: Path, rows: list[Row], tmp_path: Path) -> None:
    written = tmp_path / "rows.jsonl"
    ended = session_on_pipes(model_file, config_file("x") + SCAN.session(), "--out", written)
    assert ended.returncode == 0, ended.stderr
    expect_rows(parse_answers(ended.stdout), rows)
    assert parse_answers(ended.stdout).closed
    assert len(written.read_text().splitlines()) == 3


def test_a_session_in_a_file_is_answered_into_a_file(model_file: Path, rows: list[Row], tmp_path: Path) -> None:
    """As a shell redirects: a file is always ready to be read, and cannot be waited for as a socket can."""
    (tmp_path / "scan.mrd").write_bytes(config_file("x") + SCAN.session())
    with (tmp_path / "scan.mrd").open("rb") as scan_file, (tmp_path / "answers.mrd").open("wb") as answers_file:
        ended = subprocess.run(
            [str(PROGRAM), "serve", str(model_file), "--stdio"],
            check=False,
            stdin=scan_file,
            stdout=answers_file,
            timeout=60,
        )
    assert ended.returncode == 0
    answers = parse_answers((tmp_path / "answers.mrd").read_bytes())
    expect_rows(answers, rows)
    assert answers.closed


@pytest.mark.parametrize(
    "content",
    [b"", b"\3", b"garbage of some length", SCAN.session()[:50000]],
    ids=["nothing", "half", "garbage", "cut"],
)
def test_a_session_on_pipes_that_is_cut_short_ends_with_close(content: bytes, model_file: Path) -> None:
    ended = session_on_pipes(model_file, content)
    assert parse_answers(ended.stdout).closed
    assert b"terminate" not in ended.stderr


def test_a_row_comes_through_the_pipe_before_the_next_slice(model_file: Path) -> None:
    command = [str(PROGRAM), "serve", str(model_file), "--stdio"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(text(SCAN.xml, HEADER) + b"".join(SCAN.of_slice(0)))
        process.stdin.flush()
        while process.stdout.read(2) != b"\xfe\x03":  # 1022
            length = int.from_bytes(process.stdout.read(4), "little")
            process.stdout.read(length)
        process.stdin.close()
        process.stdout.read()


def test_a_closed_standard_output_is_no_crash(model_file: Path) -> None:
    with subprocess.Popen(
        [str(PROGRAM), "serve", str(model_file), "--stdio"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        process.communicate(SCAN.session(), timeout=60)
        assert process.returncode >= 0  # no signal


def test_further_sessions_wait_for_their_turn(model_file: Path, rows: list[Row]) -> None:
    with Service(model_file, "--sessions", 1) as other:
        first = other.connect()
        first.send(text(SCAN.xml, HEADER), SCAN.of_slice(0))
        first.image()
        second = other.connect()
        second.send(text(SCAN.xml, HEADER), SCAN.lines)
        second.silence(1)
        assert run("ping", "{}:{}".format(*other.address)).returncode == 0
        first.send(SCAN.of_slice(1), SCAN.of_slice(2))
        expect_rows(first.finish(), rows)
        expect_rows(second.finish(), rows)


def test_a_session_without_a_header_is_ended(model_file: Path, rows: list[Row]) -> None:
    with Service(model_file, "--header-timeout", 1) as other:
        begin = time.monotonic()
        silent, configured, patient = other.connect(), other.connect(), other.connect()
        configured.send(config_file("openrecon"))
        patient.send(text(SCAN.xml, HEADER), SCAN.lines[:5])
        for client in (silent, configured):
            assert client.end(10).texts_with("ERROR")
        assert 0.9 < time.monotonic() - begin < 5
        time.sleep(2)
        patient.send(SCAN.lines[5:])  # scans pause
        expect_rows(patient.finish(), rows)


def test_a_session_that_trickles_instead_of_a_header_is_ended(model_file: Path) -> None:
    with Service(model_file, "--header-timeout", 1) as other, other.connect() as client:
        end = time.monotonic() + 10
        try:
            for byte in config_file("x" * 1000) * 10:
                client.send(bytes([byte]))
                time.sleep(0.05)
                if client.answers.closed:
                    break
                assert time.monotonic() < end
        except OSError:
            pass
        client.end_of_stream(5)


def test_a_session_that_sends_nothing_more_is_ended_where_that_is_asked_for(model_file: Path) -> None:
    with Service(model_file, "--idle-timeout", 1) as other, other.connect() as client:
        client.send(text(SCAN.xml, HEADER), SCAN.of_slice(0), SCAN.of_slice(1)[:5])
        answers = client.end(10)
        assert len(answers.embeddings()) == 1
        assert answers.texts_with("ERROR") or answers.texts_with("WARNING")


def test_the_idle_time_begins_anew_with_each_readout(model_file: Path, rows: list[Row]) -> None:
    """Pauses that are longer than the limit together, and so much shorter alone that a busy machine bears them."""
    with Service(model_file, "--idle-timeout", 2) as other, other.connect() as client:
        client.send(text(SCAN.xml, HEADER))
        for begin in range(0, 96, 24):
            time.sleep(0.55)
            client.send(SCAN.lines[begin : begin + 24])
        expect_rows(client.finish(), rows)


def test_the_address_is_told_in_one_line(service: Service) -> None:
    assert service.address
    (line,) = [line for line in service.log if "listening" in line]
    assert re.fullmatch(r"mriembed_cli: note: listening on 127\.0\.0\.1:\d+", line)


def test_an_accelerated_scan_is_warned_of_in_a_text(service: Service) -> None:
    answers = send_scan(service, scan(COURSES["calibration inside"]))
    assert any("accelerated" in line for line in answers.texts)
    assert send_scan(service, scan(Course())).texts_with("ERROR") == []
