"""Real-time priority for what is timed, so that other work on the machine does not delay it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

REAL_TIME = "MRIEMBED_BENCHMARK_REAL_TIME"  # in the environment of a process that has the right (CAP_SYS_NICE)


@contextlib.contextmanager
def before_other_work() -> Iterator[None]:
    """All threads of this process, and those that they start meanwhile, run first, where `REAL_TIME` is set."""
    if not os.environ.get(REAL_TIME):
        yield
        return
    _schedule(os.SCHED_FIFO, 1)
    try:
        yield
    finally:
        _schedule(os.SCHED_OTHER, 0)


def _schedule(policy: int, priority: int) -> None:
    for thread in Path("/proc/self/task").iterdir():
        with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
            os.sched_setscheduler(int(thread.name), policy, os.sched_param(priority))
