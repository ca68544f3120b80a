"""Compares ways to run the network on a machine that does other work as well.

    pip install '.[benchmark]'
    python scripts/benchmarks/contention.py [--json FILE] [--before PYTHON]

libmriembed, ONNX Runtime and OpenVINO, each with one thread and with one for each processor, beside 0, 1, 2 and 4
processes that only burn a core, called by 1, 2 and 4 threads of one process. Every way has a process of its own; they
take turns, and each turn calls for a second. Of all turns' calls the median, the 90th and the 99th percentile are
shown, and how many calls ended each second. --before names the Python of another installation of mriembed, which takes
its turns as a further way: how a change of the engine is measured. The embeddings are compare.py's business.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from cases import random_model
from machine import missing, processor, today, versions

WORKER = Path(__file__).with_name("contention_worker.py")
PACKAGES = ("mriembed", "torch", "onnxruntime", "openvino", "numpy")


@dataclass(frozen=True)
class Way:
    """What is called, and how."""

    name: str
    precision: str
    threads: int
    python: str = sys.executable

    @property
    def library(self) -> str:
        """The name of its entry in contention_worker.py."""
        return self.name.removesuffix(" before")


@dataclass(frozen=True)
class Measured:
    """The calls of one way under one load."""

    way: str
    precision: str
    threads: int
    busy_processes: int
    callers: int
    calls: int
    p50_ms: float
    p90_ms: float
    p99_ms: float
    calls_per_second: float


@dataclass(frozen=True)
class Run:
    """Everything that was measured, and where."""

    machine: str
    date: str
    versions: dict[str, str]
    shape: tuple[int, ...]
    rows: tuple[Measured, ...]


class Worker:
    """The process of one way."""

    def __init__(self, way: Way, model: Path, shape: Sequence[int]) -> None:
        self.way = way
        arguments = [way.library, str(model), ",".join(map(str, shape)), way.precision, str(way.threads)]
        self._process = subprocess.Popen(
            [way.python, "-W", "ignore", str(WORKER), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answer()

    def measure(self, callers: int, seconds: float) -> tuple[list[float], float]:
        """Milliseconds of each call, and the seconds that all of them took."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"callers": callers, "seconds": seconds}) + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        return answer["milliseconds"], answer["seconds"]

    def _answer(self) -> Any:  # noqa: ANN401  (JSON)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"contention.py: {self.way.name}: its process ended with status {self._process.wait()}")
        return json.loads(line)

    def end(self) -> None:
        """The process sees the end of its input."""
        self._process.communicate()


@contextmanager
def busy_processes(count: int) -> Iterator[None]:
    """So many processes that only burn a core each."""
    burning = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        time.sleep(0.3)  # until they are at it
        yield
    finally:
        for process in burning:
            process.kill()
            process.wait()


def ways(threads: Sequence[int], before: str | None) -> list[Way]:
    """Who takes turns; what is not installed is left out, with a line that says so."""
    found = [Way("libmriembed", precision, count) for precision in ("float32", "bfloat16") for count in threads]
    if before:
        found += [Way("libmriembed before", way.precision, way.threads, before) for way in found]
    for name, package, precisions in (
        ("ONNX Runtime", "onnxruntime", ("float32",)),
        ("OpenVINO", "openvino", ("float32", "bfloat16")),
    ):
        if reason := missing(package):
            print(f"{name}: left out: {reason}")
            continue
        found += [Way(name, precision, count) for precision in precisions for count in threads]
    return found


def measure(workers: Sequence[Worker], busy: int, callers: int, rounds: int, seconds: float) -> list[Measured]:
    """All ways under one load, taking turns."""
    times: list[list[float]] = [[] for _ in workers]
    took = [0.0 for _ in workers]
    with busy_processes(busy):
        for _ in range(rounds):
            for index, worker in enumerate(workers):
                time.sleep(0.05)  # until the threads of the one before no longer spin
                own, lasted = worker.measure(callers, seconds)
                times[index] += own
                took[index] += lasted
    rows = []
    for worker, own, lasted in zip(workers, times, took, strict=True):
        p50, p90, p99 = (float(value) for value in np.percentile(own, (50, 90, 99)))
        way = worker.way
        row = Measured(way.name, way.precision, way.threads, busy, callers, len(own), p50, p90, p99, len(own) / lasted)
        print(
            f"{busy} busy, {callers} calling: {row.way:18} {row.precision:8} {row.threads} thread(s)"
            f"  p50 {p50:8.3f}  p90 {p90:8.3f}  p99 {p99:8.3f} ms  {row.calls_per_second:8.1f} calls/s",
            flush=True,
        )
        rows.append(row)
    return rows


def main() -> int:
    """Prints a line for each way under each load."""
    arguments = _arguments()
    rows: list[Measured] = []
    with tempfile.TemporaryDirectory() as folder:
        model = random_model(Path(folder), arguments.shape[1] // 2)
        threads = (1, len(os.sched_getaffinity(0)))
        workers = [Worker(way, model, arguments.shape) for way in ways(threads, arguments.before)]
        for busy in arguments.busy:
            for callers in arguments.callers:
                rows += measure(workers, busy, callers, arguments.rounds, arguments.seconds)
        for worker in workers:
            worker.end()
    run = Run(processor(), today(), versions(PACKAGES), arguments.shape, tuple(rows))
    if arguments.json:
        arguments.json.write_text(json.dumps(asdict(run), indent=1) + "\n")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results here")
    parser.add_argument("--before", metavar="PYTHON", help="the Python of another installation of mriembed")
    parser.add_argument("--busy", type=int, nargs="+", default=[0, 1, 2, 4], help="processes that burn a core each")
    parser.add_argument("--callers", type=int, nargs="+", default=[1, 2, 4], help="threads that call, up to 4")
    parser.add_argument("--shape", type=_shape, default=(1, 16, 128, 128), help="slices,2 x coils,H,W")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each turn")
    return parser.parse_args()


def _shape(text: str) -> tuple[int, ...]:
    return tuple(int(length) for length in text.split(","))


if __name__ == "__main__":
    sys.exit(main())
