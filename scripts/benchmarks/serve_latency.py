#!/usr/bin/env python3
"""How long a slice's answer takes after its last readout, over the loopback, and what the service holds in memory.

    scripts/benchmarks/serve_latency.py [--slices 40] [--acceleration R] [--averages N] [--partitions N] [-o FILE.json]

32 coils, 256 lines of 512 samples (twofold oversampling), a readout every 2 ms; with --acceleration every R-th line,
and 24 ACS lines among them; with --averages so many in an outer loop; with --partitions slabs, one partition after the
other. The server in Python takes none of the three. Compared in one run: `mriembed_cli serve` in float32 and bfloat16,
and a server in Python with NumPy, SciPy and ONNX Runtime (live_peer.py, float32), each alone on the machine and with
every core busy. Then slices of one average are sent as fast as they are
taken, and `mriembed_cli embed` takes the same stream from a file; and the lines of 16 slices are sent in turn, as
interleaved scans are measured.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import machine
from live_scan import CLOSE, LiveScan, Samples

import mriembed
from mriembed.programs import command_line_program

PEER = Path(__file__).with_name("live_peer.py")
PERIOD = 0.002
INTERLEAVED = 16
TEXT = 5


@dataclass(frozen=True)
class Latency:
    """Milliseconds from the beginning of the last readout's sending to the first byte of the answer."""

    p50: float
    p99: float
    p50_of_last: float  # of the last partition's answer


def main() -> None:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slices", type=int, default=40)
    parser.add_argument("--acceleration", type=int, default=1)
    parser.add_argument("--averages", type=int, default=1)
    parser.add_argument("--partitions", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path)
    arguments = parser.parse_args()
    scan = LiveScan(acceleration=arguments.acceleration, averages=arguments.averages, partitions=arguments.partitions)
    single = replace(scan, averages=1, partitions=1)
    samples = scan.slice_samples()
    program = str(command_line_program())
    memory_folder = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # no disk has part in what is compared
    with tempfile.TemporaryDirectory(dir=memory_folder) as folder:
        model = Path(folder) / "model.pt"
        mriembed.export_model(model, weights=mriembed.DEFAULT_WEIGHTS)
        servers = {
            "mriembed_cli serve, float32": [program, "serve", str(model), "--precision", "float32"],
            "mriembed_cli serve, bfloat16": [program, "serve", str(model), "--precision", "bfloat16"],
        }
        if scan == LiveScan():
            servers["NumPy, SciPy, ONNX Runtime, float32"] = [sys.executable, str(PEER), str(model)]
        latencies: dict[str, dict[str, Latency]] = {}
        for load in ("idle", "busy"):
            with busy_cores() if load == "busy" else contextlib.nullcontext():
                for name, command in servers.items():
                    with server(command) as service:
                        latencies.setdefault(name, {})[load] = latency(service.port, scan, samples, arguments.slices)
                    print(f"{name}, {load}: {latencies[name][load]}", flush=True)
        result = {
            "machine": machine.processor(),
            "versions": machine.versions(("mriembed", "numpy", "scipy", "onnxruntime")),
            "date": machine.today(),
            "slices": arguments.slices,
            "acceleration": scan.acceleration,
            "averages": scan.averages,
            "partitions": scan.partitions,
            "latency_ms": {name: {load: asdict(one) for load, one in of.items()} for name, of in latencies.items()},
            **throughput(program, model, single, samples, arguments.slices, Path(folder)),
            **memory(program, model, single, samples),
        }
    print(json.dumps({key: result[key] for key in result if key not in ("machine", "versions")}, indent=1))
    if arguments.output:
        arguments.output.write_text(json.dumps(result, indent=1) + "\n")


@dataclass(frozen=True)
class Service:
    """A server that runs."""

    port: int
    process: int

    def resident_mib(self, kind: str) -> float:
        """VmRSS or VmHWM of the process."""
        status = Path(f"/proc/{self.process}/status").read_text()
        return round(int(re.findall(rf"{kind}:\s+(\d+)", status)[0]) / 1024, 1)


@contextlib.contextmanager
def server(command: list[str]) -> Iterator[Service]:
    """Runs it until the end of the block, its model loaded."""
    own = command[1] == "serve"
    options = ["--listen", "127.0.0.1:0"] if own else []
    process = subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE if own else None, text=True
    )
    line = process.stderr.readline() if process.stderr else process.stdout.readline()  # type: ignore[union-attr]
    port = int(re.findall(r"(\d+)\s*$", line)[0])
    time.sleep(1)
    try:
        yield Service(port, process.pid)
    finally:
        process.terminate()
        process.communicate()


@contextlib.contextmanager
def busy_cores() -> Iterator[None]:
    """A process on each core that always computes."""
    loop = [sys.executable, "-S", "-c", "while True: pass"]
    processes = [subprocess.Popen(loop) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def connected(port: int, scan: LiveScan) -> socket.socket:
    """A session, up to its header."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(scan.beginning())
    return connection


def latency(port: int, scan: LiveScan, samples: Samples, slices: int) -> Latency:
    """Sends slices or slabs at their pace and waits for their answers."""
    connection = connected(port, scan)
    took: list[list[float]] = []
    for number in range(slices):
        begin = time.perf_counter()
        for place, (line, partition, average) in enumerate(scan.steps()):
            message = scan.readout(samples[line], line, number, partition=partition, average=average)
            time.sleep(max(0, begin + (place + 1) * PERIOD - time.perf_counter()))
            sent = time.perf_counter()
            connection.sendall(message)
        took.append([1e3 * (answered(connection) - sent) for _ in range(scan.partitions)])
    connection.sendall(CLOSE)
    connection.close()
    first = sorted(answers[0] for answers in took)
    last = sorted(answers[-1] for answers in took)
    p99 = first[min(len(took) - 1, int(0.99 * len(took)))]
    return Latency(round(first[len(took) // 2], 2), round(p99, 2), round(last[len(took) // 2], 2))


def answered(connection: socket.socket) -> float:
    """When the first byte of a slice's answer came: an image message after any texts, or the peer's two bytes."""
    while True:
        first = connection.recv(1)
        came = time.perf_counter()
        if not first:
            raise SystemExit("the server ended the connection")
        if first == b"o":
            connection.recv(1)
            return came
        if take_message(connection, first) != TEXT:
            return came


def take_message(connection: socket.socket, first: bytes) -> int:
    """Takes the rest of a text or an image message, and returns its number."""
    stream = connection.makefile("rb", buffering=0)

    def take(count: int) -> bytes:
        content = b""
        while len(content) < count:
            content += stream.read(count - len(content)) or b""
        return content

    (kind,) = struct.unpack("<H", first + take(1))
    if kind == TEXT:
        take(struct.unpack("<I", take(4))[0])
        return TEXT
    head = take(198)
    take(struct.unpack("<Q", take(8))[0])
    width, height, _ = struct.unpack_from("<HHH", head, 16)
    take(4 * width * height)
    return int(kind)


def take_all(connection: socket.socket) -> None:
    """Until the server has closed."""
    while connection.recv(1 << 16):
        pass


def throughput(
    program: str, model: Path, scan: LiveScan, samples: Samples, slices: int, folder: Path
) -> dict[str, float]:
    """Slices a second: through the service as fast as it takes them, and by `embed` from a file of the same bytes."""
    messages = [scan.readout(samples[line], line, 0) for line in scan.measured()]
    numbered = [bytearray(message) for message in messages]
    stream = folder / "scan.mrd"
    rates: dict[str, list[float]] = {"serve": [], "embed": []}
    with stream.open("wb") as file:
        file.write(scan.beginning())
        for number in range(slices):
            for message in numbered:
                struct.pack_into("<H", message, 2 + 248, number)
                file.write(message)
        file.write(CLOSE)
    for _ in range(3):
        with server([program, "serve", str(model)]) as service:
            connection = connected(service.port, scan)
            begin = time.perf_counter()
            receiver = threading.Thread(target=take_all, args=(connection,))
            receiver.start()
            with stream.open("rb") as file:
                file.seek(len(scan.beginning()))
                connection.sendfile(file)
            receiver.join()
            rates["serve"].append(slices / (time.perf_counter() - begin))
        begin = time.perf_counter()
        subprocess.run([program, "embed", str(model), str(stream), "-o", str(folder / "rows.npy")], check=True)
        rates["embed"].append(slices / (time.perf_counter() - begin))
    return {f"{name}_slices_a_second": round(sorted(rate)[1], 1) for name, rate in rates.items()}


def memory(program: str, model: Path, scan: LiveScan, samples: Samples) -> dict[str, float]:
    """MiB of the service: before the first session, and at most while interleaved slices come in."""
    with server([program, "serve", str(model)]) as service:
        idle = service.resident_mib("VmRSS")
        connection = connected(service.port, scan)
        for line in scan.measured():
            for number in range(INTERLEAVED):
                connection.sendall(scan.readout(samples[line], line, number))
        connection.sendall(CLOSE)
        take_all(connection)
        return {"idle_mib": idle, f"{INTERLEAVED}_interleaved_slices_mib": service.resident_mib("VmHWM")}


if __name__ == "__main__":
    main()
