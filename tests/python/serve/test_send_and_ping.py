"""`mriembed_cli send` tells by its status whether all of a scan came back; `ping`, whether a service is up."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest

import mriembed
from mrd_codec import (
    ACQUISITION,
    CLOSE,
    CONFIG_FILE,
    HEADER,
    QUERY,
    Message,
    acquisition_head,
    close,
    config_file,
    image,
    message,
    read_message,
    text,
)
from scans_of_scanners import COURSES, Course, Scan, scan, scan_of
from service import Row, Service, embed, run

SCAN = scan(COURSES["slices"])


def target(service: Service) -> str:
    host, port = service.address
    return f"{host}:{port}"


def bits(rows: list[Row]) -> bytes:
    return np.array([row["embedding"] for row in rows], np.float32).tobytes()


def forms_of(sent: Scan, folder: Path) -> dict[str, Path]:
    """The scan as an HDF5 file, as a stream, and as a session that was saved."""
    forms = {"hdf5": sent.write(folder / "scan.h5"), "stream": folder / "scan.mrd", "session": folder / "saved.mrd"}
    forms["stream"].write_bytes(sent.session())
    forms["session"].write_bytes(config_file("openrecon") + text("{}") + sent.session())
    return forms


@pytest.mark.parametrize("form", ["hdf5", "stream", "session"])
@pytest.mark.parametrize("name", ["slices", "noise", "calibration before", "partitions", "averages of the scan"])
def test_a_scan_that_is_sent_gives_the_rows_of_embed(
    name: str, form: str, service: Service, model_file: Path, tmp_path: Path
) -> None:
    path = forms_of(scan(COURSES[name]), tmp_path)[form]
    expected = embed(model_file, path)
    sent = run("send", path, target(service), "-o", tmp_path / "rows.npy")
    assert sent.returncode == 0, sent.stderr
    assert np.load(tmp_path / "rows.npy").tobytes() == bits(expected)
    rows = json.loads((tmp_path / "rows.json").read_text())["rows"]
    for name in ("slice", "contrast", "phase", "repetition", "set", "partition"):
        assert [row[name] for row in rows] == [row[name] for row in expected]


def test_every_output_holds_the_same_numbers(service: Service, model_file: Path, tmp_path: Path) -> None:
    path = SCAN.write(tmp_path / "scan.h5")
    expected = embed(model_file, path)
    for name in ("rows.jsonl", "rows.csv", "-"):
        sent = run("send", path, target(service), "-o", tmp_path / name if name != "-" else name)
        assert sent.returncode == 0, sent.stderr
        printed = sent.stdout.decode() if name == "-" else (tmp_path / name).read_text()
        if name == "rows.csv":
            found = np.array([line.split(",")[-256:] for line in printed.splitlines()[1:]], np.float32)
            assert found.tobytes() == bits(expected)
        else:
            assert bits([json.loads(line) for line in printed.splitlines()]) == bits(expected)


def test_a_scan_can_be_sent_without_an_output(service: Service, tmp_path: Path) -> None:
    assert run("send", SCAN.write(tmp_path / "scan.h5"), target(service)).returncode == 0


def test_the_debian_phantom_comes_back(service: Service, model_file: Path, phantom: Path, tmp_path: Path) -> None:
    assert run("send", phantom, target(service), "-o", tmp_path / "rows.npy").returncode == 0
    assert np.load(tmp_path / "rows.npy").tobytes() == bits(embed(model_file, phantom))


def assert_fails(path: Path, address: str, *options: object, status: int = 1) -> str:
    failed = run("send", path, address, *options)
    assert failed.returncode == status, (failed.returncode, failed.stderr)
    lines = [line for line in failed.stderr.decode().splitlines() if "error" in line]
    assert lines, failed.stderr
    return "\n".join(lines)


def test_rows_that_do_not_come_back_have_exit_code_1(service: Service, tmp_path: Path) -> None:
    undersampled = scan(Course(acceleration=2)).write(tmp_path / "scan.h5")
    assert_fails(undersampled, target(service), "-o", tmp_path / "rows.npy")


def test_a_scan_without_any_line_has_exit_code_1(service: Service, tmp_path: Path) -> None:
    stream = tmp_path / "scan.mrd"
    stream.write_bytes(text(SCAN.xml, HEADER) + close())
    assert "no embedding came back" in assert_fails(stream, target(service))


def test_a_service_that_is_not_there_has_exit_code_1(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert address in assert_fails(SCAN.write(tmp_path / "scan.h5"), address)
        pinged = run("ping", address)
    assert pinged.returncode == 1
    assert pinged.stderr.decode().count("\n") == 1
    assert address in pinged.stderr.decode()


@pytest.mark.parametrize("address", ["nowhere", "127.0.0.1", "127.0.0.1:", ":", "127.0.0.1:99999", "[::1"])
def test_addresses_that_are_none_are_wrong_usage(address: str, tmp_path: Path) -> None:
    assert run("send", SCAN.write(tmp_path / "scan.h5"), address).returncode == 2
    assert run("ping", address).returncode == 2


def test_what_is_no_scan_is_bad_input(service: Service, tmp_path: Path) -> None:
    (tmp_path / "no.h5").write_bytes(b"no scan")
    assert "no.h5" in assert_fails(tmp_path / "no.h5", target(service), status=4)
    assert_fails(tmp_path / "absent.h5", target(service), status=4)


Behaviour = Callable[[socket.socket, list[Message]], None]


@contextmanager
def fake(behaviour: Behaviour) -> Iterator[tuple[str, list[Message]]]:
    """A server for one session that does as it is told."""
    received: list[Message] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection, suppress(OSError, EOFError):  # the client has had enough
                behaviour(connection, received)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}", received
        thread.join(20)


def take_all(connection: socket.socket, received: list[Message]) -> None:
    def receive(count: int) -> bytes:
        return connection.recv(count, socket.MSG_WAITALL)

    while (found := read_message(receive)) is not None:
        received.append(found)
        if found.number == CLOSE:
            return


def row(index: int, series: int = 100) -> bytes:
    pixels = np.full((1, 1, 1, 256), 1 / 16, np.float32)
    return image(pixels, slice=index, image_series_index=series, image_index=index + 1)


def answering(*answers: bytes) -> Behaviour:
    def behaviour(connection: socket.socket, received: list[Message]) -> None:
        take_all(connection, received)
        connection.sendall(b"".join(answers))

    return behaviour


@pytest.mark.parametrize("name", ["slices", "noise", "calibration before"])
def test_the_acquisitions_are_sent_as_they_lie_in_the_file(name: str, tmp_path: Path) -> None:
    sent = scan(COURSES[name])
    path = sent.write(tmp_path / "scan.h5")
    with fake(answering(close())) as (address, received):
        run("send", path, address, "--config", "a name")
    numbers = [found.number for found in received]
    assert numbers == [CONFIG_FILE, HEADER, *[ACQUISITION] * len(sent.lines), CLOSE]
    assert received[0].body == b"a name".ljust(1024, b"\0")
    assert received[1].body[4:].rstrip(b"\0").decode() == sent.xml
    assert not received[1].body.endswith(b"\0")
    assert [b"\xf0\x03" + found.body for found in received[2:-1]] == sent.lines


def test_fields_of_a_file_that_others_wrote_are_sent_unchanged(phantom: Path) -> None:
    with fake(answering(close())) as (address, received):
        run("send", phantom, address)
    found = [b"\xf0\x03" + one.body for one in received if one.number == ACQUISITION]
    assert found == scan_of(phantom).lines


BAD_ANSWERS = {
    "nothing": [],
    "CLOSE alone": [close()],
    "too few rows": [row(0), row(1), close()],
    "too many rows": [row(0), row(1), row(2), row(3), close()],
    "no CLOSE": [row(0), row(1), row(2)],
    "an error": [text("ERROR   no"), close()],
    "an unknown message": [row(0), row(1), row(2), message(1030, bytes(50))],
    "half a row": [row(0), row(1), row(2)[:-100]],
    "images of another series": [row(0, 1), row(1, 1), row(2, 1), close()],
    "a length of 4 GiB": [row(0), b"\5\0\xff\xff\xff\xff"],
    "garbage": [b"\xff" * 1000],
}


@pytest.mark.parametrize("kind", BAD_ANSWERS)
def test_bad_answers_have_exit_code_1(kind: str, tmp_path: Path) -> None:
    path = SCAN.write(tmp_path / "scan.h5")
    with fake(answering(*BAD_ANSWERS[kind])) as (address, _):
        assert_fails(path, address, "-o", tmp_path / "rows.npy", "--timeout", 5)


def test_good_answers_have_exit_code_0(tmp_path: Path) -> None:
    path = SCAN.write(tmp_path / "scan.h5")
    with fake(answering(text("INFO    hello"), row(0), row(1, 1), row(1), row(2), close())) as (address, _):
        assert run("send", path, address, "-o", tmp_path / "rows.npy").returncode == 0
    assert np.load(tmp_path / "rows.npy").shape == (3, 256)


def test_a_server_that_falls_silent_is_not_waited_for(tmp_path: Path) -> None:
    def silent(connection: socket.socket, received: list[Message]) -> None:
        take_all(connection, received)
        connection.recv(1)  # until the client hangs up

    path = SCAN.write(tmp_path / "scan.h5")
    with fake(silent) as (address, _):
        begin = time.monotonic()
        assert "the server said nothing for 1 s" in assert_fails(path, address, "--timeout", 1)
        assert 1 <= time.monotonic() - begin < 20  # of 60 without the option


def test_a_server_that_vanishes_has_exit_code_1(tmp_path: Path) -> None:
    def vanishing(connection: socket.socket, _received: list[Message]) -> None:
        connection.recv(5000)

    path = SCAN.write(tmp_path / "scan.h5")
    with fake(vanishing) as (address, _):
        assert_fails(path, address)


def test_in_real_time_readouts_are_sent_by_their_time_stamps(service: Service, tmp_path: Path) -> None:
    """96 readouts, 4 ticks of 2.5 ms apart."""
    stamps = [int(acquisition_head(line)["acquisition_time_stamp"]) for line in SCAN.lines]
    lasts = 0.0025 * (stamps[-1] - stamps[0])
    assert lasts == pytest.approx(0.95)
    path = SCAN.write(tmp_path / "scan.h5")
    begin = time.monotonic()
    assert run("send", path, target(service), "--real-time").returncode == 0
    assert lasts <= time.monotonic() - begin < lasts + 2


def test_ping_tells_of_a_service_in_one_line(service: Service, model_file: Path) -> None:
    pinged = run("ping", target(service))
    assert pinged.returncode == 0, pinged.stderr
    told = pinged.stdout.decode()
    assert told.count("\n") == 1
    assert mriembed.__version__ in told
    assert mriembed.read_description(model_file).weights_sha256[:12] in told
    assert "session" in told
    assert "up" in told


def test_ping_asks_by_a_query() -> None:
    with fake(answering(close())) as (address, received):
        run("ping", address)
    assert received[0].number == QUERY


@pytest.mark.parametrize("answers", [[], [close()], [b"\xff" * 100], [text("INFO    hello"), close()]])
def test_ping_of_what_is_no_service_has_exit_code_1(answers: list[bytes]) -> None:
    def behaviour(connection: socket.socket, _received: list[Message]) -> None:
        connection.recv(26)
        connection.sendall(b"".join(answers))

    with fake(behaviour) as (address, _):
        pinged = run("ping", address)
    assert pinged.returncode == 1
    assert pinged.stderr.decode().count("\n") == 1


def test_ping_does_not_wait_for_ever() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert run("ping", f"127.0.0.1:{silent.getsockname()[1]}").returncode == 1
