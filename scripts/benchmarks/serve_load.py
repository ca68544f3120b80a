#!/usr/bin/env python3
"""Whether the service stays right and small under load: scans, vanishing clients, garbage and a stalled client at once.

    scripts/benchmarks/serve_load.py [--seconds 600] [--program PATH] [--no-memory-limit] [-o FILE.json]

Eight clients send scans without a pause (8 coils, 64 lines of 128 samples, 3 slices) and compare each answer with the
row of `mriembed_cli embed`, bit for bit. Beside them a client vanishes in the middle of a scan every 5 s, one sends
random bytes, and one sends scans and reads nothing. At the end the rows in the file of `--out` are compared as well,
session by session. Exit code 1 where an answer or a row was lost or wrong, the service ended, or its memory grew by
more than 20 MiB between the first and the last tenth of the time.

A program with sanitizers keeps memory that was freed: --no-memory-limit leaves its growth out of the exit code.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import re
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import machine
import numpy as np
from live_scan import CLOSE, LiveScan

import mriembed
from mriembed.programs import command_line_program

SCAN = LiveScan(8, 64, 128)
SLICES = 3
CLIENTS = 8
MOST_GROWTH_MIB = 20


class Load:
    """What the clients do, and what became of it."""

    def __init__(self, port: int, session: bytes, expected: bytes, seconds: float) -> None:
        self.port = port
        self.session = session
        self.expected = expected
        self.end = time.monotonic() + seconds
        self.scans = 0
        self.wrong: list[str] = []
        self._lock = threading.Lock()

    def lasts(self) -> bool:
        """Whether there is time left."""
        return time.monotonic() < self.end

    def scanner(self) -> None:
        """Sends scans and compares what comes back."""
        while self.lasts():
            fault = ""
            try:
                with self._connected() as connection:
                    connection.sendall(self.session)
                    with connection.makefile("rb") as stream:
                        if embeddings(stream) != self.expected:
                            fault = "an answer is lost or wrong"
            except (OSError, struct.error) as error:  # or it ends before CLOSE
                fault = str(error)
            with self._lock:
                self.scans += 1
                self.wrong += [fault] if fault else []

    def vanishing(self) -> None:
        """Ends in the middle of a scan."""
        while self.lasts():
            with self._connected() as connection:
                connection.sendall(self.session[: len(self.session) // 2])
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # with a reset
            time.sleep(5)

    def garbage(self) -> None:
        """Sends what is no stream."""
        generator = random.Random(0)
        while self.lasts():
            with contextlib.suppress(OSError), self._connected() as connection:
                connection.sendall(generator.randbytes(3000))
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(1 << 16):
                    pass

    def stalled(self) -> None:
        """Sends scans, one header after the other, and never reads."""
        with contextlib.suppress(OSError), self._connected() as connection:
            while self.lasts():
                connection.sendall(self.session[: -len(CLOSE)])
                time.sleep(0.5)

    def _connected(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)


def embeddings(stream: object) -> bytes:
    """The pixels of all images until CLOSE."""
    found = b""
    read = stream.read  # type: ignore[attr-defined]
    while True:
        (kind,) = struct.unpack("<H", read(2))
        if kind == 4:
            return found
        if kind == 5:
            read(struct.unpack("<I", read(4))[0])
            continue
        head = read(198)
        read(struct.unpack("<Q", read(8))[0])
        width, height, _ = struct.unpack_from("<HHH", head, 16)
        found += read(4 * width * height)


def faults_of_rows(lines: Iterable[str], expected: bytes, scans: int) -> list[str]:
    """What is wrong with the rows of all sessions, of which so many are whole scans.

    Of the other sessions, the client that vanishes gets less than a scan, and the one that never reads gets many.
    """
    length = len(expected) // SLICES
    slices = defaultdict(list)
    faults = []
    for line in lines:
        row = json.loads(line)
        number = row["slice"]
        slices[row["file"]].append(number)
        if np.array(row["embedding"], np.float32).tobytes() != expected[number * length : (number + 1) * length]:
            faults.append(f"{row['file']}: the row of slice {number} is wrong")
    whole = sum(sorted(found) == list(range(SLICES)) for found in slices.values())
    if whole != scans:
        faults.append(f"{whole} sessions have the rows of one scan, but {scans} scans were sent")
    return faults


def listening_port(log: Path) -> int:
    """Waits for the line of the log that names it; a program with sanitizers takes its time."""
    end = time.monotonic() + 60
    while not (found := re.findall(r"listening on \S+:(\d+)", log.read_text())):
        if time.monotonic() > end:
            raise SystemExit(f"the service does not listen: {log.read_text()}")
        time.sleep(0.1)
    return int(found[0])


def resident_mib(process: int) -> float:
    """Of the service."""
    return int(re.findall(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text())[0]) / 1024


def main() -> int:
    """Runs the load, prints and writes what became of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--program", type=Path, default=command_line_program(), help="mriembed_cli, of any build")
    parser.add_argument("--no-memory-limit", action="store_true", help="memory may grow")
    parser.add_argument("-o", "--output", type=Path)
    arguments = parser.parse_args()
    program = str(arguments.program)
    session = SCAN.beginning()
    for number in range(SLICES):
        samples = SCAN.slice_samples(number)
        session += b"".join(SCAN.readout(samples[line], line, number) for line in range(SCAN.lines))
    session += CLOSE
    with tempfile.TemporaryDirectory() as folder:
        model, stream, rows = (Path(folder) / name for name in ("model.pt", "scan.mrd", "rows.npy"))
        mriembed.export_model(model, weights=mriembed.DEFAULT_WEIGHTS)
        stream.write_bytes(session)
        subprocess.run([program, "embed", model, stream, "-o", rows], check=True)
        log = Path(folder) / "log"
        with log.open("w") as errors:
            service = subprocess.Popen(
                [program, "serve", model, "--listen", "127.0.0.1:0", "--out", Path(folder) / "rows.jsonl"],
                stderr=errors,
            )
        load = Load(listening_port(log), session, np.load(rows).tobytes(), arguments.seconds)
        clients = [load.scanner] * CLIENTS + [load.vanishing, load.garbage, load.stalled]
        threads = [threading.Thread(target=client) for client in clients]
        for thread in threads:
            thread.start()
        time.sleep(arguments.seconds / 10)
        before = resident_mib(service.pid)
        time.sleep(0.85 * arguments.seconds)
        after = resident_mib(service.pid)
        for thread in threads:
            thread.join()
        service.terminate()
        begin = time.monotonic()
        status = service.wait()
        seconds_to_end = time.monotonic() - begin
        with (Path(folder) / "rows.jsonl").open() as lines:
            wrong_rows = faults_of_rows(lines, load.expected, load.scans)
        if status != 0:
            print(log.read_text()[-5000:], file=sys.stderr)
        result = {
            "machine": machine.processor(),
            "date": machine.today(),
            "seconds": arguments.seconds,
            "scans": load.scans,
            "wrong": len(load.wrong),
            "wrong_rows_in_the_file": len(wrong_rows),
            "mib_after_a_tenth": round(before, 1),
            "mib_near_the_end": round(after, 1),
            "exit_code": status,
            "seconds_to_end": round(seconds_to_end, 2),
        }
    print(json.dumps(result, indent=1), *load.wrong[:3], *wrong_rows[:3], sep="\n")
    if arguments.output:
        arguments.output.write_text(json.dumps(result, indent=1) + "\n")
    grown = after - before > MOST_GROWTH_MIB and not arguments.no_memory_limit
    return int(bool(load.wrong) or bool(wrong_rows) or status != 0 or grown)


if __name__ == "__main__":
    sys.exit(main())
