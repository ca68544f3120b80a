"""Measures contestants in alternation: each in a process of its own, only one of them working at a time.

Separate processes keep one contestant's thread pool away from another's. In each round every contestant is asked once;
it makes untimed calls first, which wake its threads and caches, because the timed call stands for one among many.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from real_time import before_other_work
from results import Times

ANSWER_LIMIT_S = 900  # compiling is slow on a small machine, but it ends
PAUSE_S = 0.05  # until the waiting threads of the process before no longer spin

Call = Callable[[], Any]


@dataclass(frozen=True)
class Task:
    """What a contestant gets: a model file and the input in memory."""

    model: Path
    precision: str
    samples: NDArray[Any]
    threads: int = 0
    device: str = "cpu"


@dataclass(frozen=True)
class Prepared:
    """The call that is timed, which returns embeddings or (what only sets a mark) None, and how it was configured."""

    call: Call
    configuration: str = ""


@dataclass(frozen=True)
class Contestant:
    """`prepare` runs in the contestant's process, whose environment has `environment` besides this process's."""

    name: str
    prepare: Callable[[Task], Prepared]
    task: Task
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What became of a contestant; without `times`, `failed` says why."""

    embeddings: NDArray[np.float32] | None = None
    configuration: str = ""
    times: Times | None = None
    failed: str = ""


@dataclass(frozen=True)
class _Ready:
    embeddings: NDArray[np.float32] | None
    configuration: str


@dataclass(frozen=True)
class _Failure:
    reason: str


@dataclass
class _Running:
    index: int
    process: SpawnProcess
    pipe: Connection
    ready: _Ready
    seconds: list[float] = field(default_factory=list)


def take_turns(contestants: Sequence[Contestant], rounds: int, calls: int = 1) -> list[Outcome]:
    """One outcome a contestant, in their order. Each round times the mean of `calls` calls, after as many untimed."""
    outcomes = [Outcome() for _ in contestants]
    running: list[_Running] = []
    try:
        for index, contestant in enumerate(contestants):
            process, pipe = _start(contestant, calls)
            answer = _answer(process, pipe)
            if isinstance(answer, _Ready):
                running.append(_Running(index, process, pipe, answer))
            elif isinstance(answer, _Failure):
                outcomes[index] = Outcome(failed=answer.reason)
                _stop(process, pipe)
        for _ in range(rounds):
            for one in list(running):
                time.sleep(PAUSE_S)
                answer = _request(one)
                if isinstance(answer, float):
                    one.seconds.append(answer)
                elif isinstance(answer, _Failure):
                    outcomes[one.index] = Outcome(failed=answer.reason)
                    running.remove(one)
                    _stop(one.process, one.pipe)
        for one in running:
            outcomes[one.index] = Outcome(one.ready.embeddings, one.ready.configuration, times_of(one.seconds))
    finally:
        for one in running:
            _stop(one.process, one.pipe)
    return outcomes


def times_of(seconds: Sequence[float]) -> Times:
    """Median and quartiles in milliseconds, of two or more rounds."""
    low, middle, high = statistics.quantiles([1e3 * second for second in seconds], n=4, method="inclusive")
    return Times(middle, low, high, 1e3 * min(seconds))


def fastest_of(candidates: Sequence[Prepared], calls: int = 5) -> Prepared:
    """The candidate with the smallest median, taking turns within this process: how a peer finds its best settings."""
    seconds: list[list[float]] = [[] for _ in candidates]
    for candidate in candidates:
        for _ in range(3):  # TorchScript specializes during the first two
            candidate.call()
    for _ in range(calls):
        for candidate, own in zip(candidates, seconds, strict=True):
            with before_other_work():
                own.append(_timed(candidate.call, 1))
    medians = [statistics.median(own) for own in seconds]
    return candidates[medians.index(min(medians))]


def _start(contestant: Contestant, calls: int) -> tuple[SpawnProcess, Connection]:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(contestant, calls, there), daemon=True)
    with _environment(contestant.environment):
        process.start()
    there.close()
    return process, here


def _serve(contestant: Contestant, calls: int, pipe: Connection) -> None:
    try:
        prepared = contestant.prepare(contestant.task)
        prepared.call()
        result = prepared.call()
        embeddings = None if result is None else _array(result)
        pipe.send(_Ready(embeddings, prepared.configuration))
        while pipe.recv():
            with before_other_work():
                for _ in range(calls):
                    prepared.call()
                seconds = _timed(prepared.call, calls)
            pipe.send(seconds)
    except Exception as failure:  # whatever a contestant fails with belongs into the table
        lines = f"{type(failure).__name__}: {failure}".splitlines()
        pipe.send(_Failure(lines[0]))


def _array(embeddings: Any) -> NDArray[np.float32]:  # noqa: ANN401  (NumPy's or torch's, on whatever device)
    if hasattr(embeddings, "cpu"):
        embeddings = embeddings.float().cpu()
    return np.asarray(embeddings, dtype=np.float32)


def _timed(call: Call, calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - start) / calls


def _request(one: _Running) -> _Ready | _Failure | float:
    try:
        one.pipe.send(True)
    except OSError:
        return _Failure("its process ended")
    return _answer(one.process, one.pipe)


def _answer(process: SpawnProcess, pipe: Connection) -> _Ready | _Failure | float:
    if not pipe.poll(ANSWER_LIMIT_S):
        return _Failure(f"no answer within {ANSWER_LIMIT_S} s")
    try:
        answer: _Ready | _Failure | float = pipe.recv()
        return answer
    except (EOFError, OSError):
        process.join(5)
        return _Failure(f"its process ended with status {process.exitcode}")


def _stop(process: SpawnProcess, pipe: Connection) -> None:
    with contextlib.suppress(OSError):  # it may have ended already
        pipe.send(False)
    process.join(10)
    if process.is_alive():
        process.kill()
        process.join()
    pipe.close()


@contextlib.contextmanager
def _environment(changes: Mapping[str, str]) -> Iterator[None]:
    """A spawned process reads thread counts of BLAS libraries from its environment, before any code of ours runs."""
    before = dict(os.environ)
    os.environ.update(changes)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
