"""Clients that vanish, send garbage, only connect, or stay for too long: nobody else notices."""

import json
import random
import socket
import time
from pathlib import Path

import pytest

from mrd_codec import config_file, text
from scans_of_scanners import COURSES, scan
from service import Row, Service, expect_rows, send_scan

SCAN = scan(COURSES["slices"])
SESSION = config_file("openrecon") + SCAN.session()


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


def test_many_who_only_connect_do_not_keep_a_scanner_out(model_file: Path, rows: list[Row]) -> None:
    with Service(model_file, "--sessions", 2, "--header-timeout", 1) as other:
        idle = [other.connect() for _ in range(6)]
        expect_rows(send_scan(other, SCAN), rows)
        for client in idle:
            client.end_of_stream(10)


def test_a_client_that_stays_after_close_does_not_keep_the_next_one_out(model_file: Path, rows: list[Row]) -> None:
    with Service(model_file, "--sessions", 1) as other, other.connect(reading=False) as staying:
        staying.send(SESSION)
        begin = time.monotonic()
        expect_rows(send_scan(other, SCAN), rows)
        assert time.monotonic() - begin < 10


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
