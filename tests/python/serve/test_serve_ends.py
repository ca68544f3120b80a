"""Signals in the middle of scans: the service ends soon, and its rows are whole."""

import signal
from pathlib import Path

import pytest

from mrd_client import Client
from mrd_codec import HEADER, config_file, text
from scans_of_scanners import COURSES, scan
from service import Row, Service, expect_rows, expect_whole_rows, send_scan

SCAN = scan(COURSES["slices"])
SESSION = config_file("openrecon") + SCAN.session()


def mid_scan(service: Service) -> Client:
    """A client whose second slice is on its way."""
    client = service.connect()
    client.send(text(SCAN.xml, HEADER), SCAN.of_slice(0), SCAN.of_slice(1)[:10])
    client.image()
    return client


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
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
