#!/usr/bin/env python3
"""What one small slice costs from the start of the process to its row: in alternation, on this machine.

    scripts/benchmarks/cold_start.py [--rounds 21] [-o FILE.json]

The slice is (8, 64, 64) complex64 in a .npy file. Compared are `mriembed_cli --version`, `embed` on the library's own
kernels, the same in bfloat16, and on torch (`--backend torch`). Times are medians of whole processes; memory is the
largest resident size that Linux counts for the process.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import machine
import numpy as np

import mriembed
from mriembed.programs import command_line_program


@dataclass(frozen=True)
class Taken:
    """Of a process: milliseconds from its start to its end, of its processor time, and MiB of resident memory."""

    wall_ms: float
    cpu_ms: float
    resident_mib: float


# Linux counts as a process's own what the one that started it held at that moment: a small one starts each.
_LAUNCHER = """
import os, sys, time
begun = time.perf_counter()
process = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ,
                         file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
_, status, usage = os.wait4(process, 0)
wall = time.perf_counter() - begun
print(os.waitstatus_to_exitcode(status), 1000 * wall, 1000 * (usage.ru_utime + usage.ru_stime), usage.ru_maxrss / 1024)
"""


def run(command: list[str]) -> Taken:
    """Runs a process whose exit code must be 0."""
    launched = [sys.executable, "-S", "-E", "-c", _LAUNCHER, *command]
    result = subprocess.run(launched, capture_output=True, text=True, check=True)
    status, wall, cpu, resident = result.stdout.split()
    if status != "0":
        raise SystemExit(f"{' '.join(command)}: exit code {status}: {result.stderr}")
    return Taken(float(wall), float(cpu), float(resident))


def main() -> None:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("-o", "--output", type=Path)
    arguments = parser.parse_args()

    program = str(command_line_program())
    with tempfile.TemporaryDirectory() as folder:
        model, scan, rows = (str(Path(folder) / name) for name in ("model.pt", "scan.npy", "rows.npy"))
        mriembed.export_model(model, weights=mriembed.DEFAULT_WEIGHTS)
        generator = np.random.default_rng(0)
        samples = generator.standard_normal((1, 8, 64, 64)) + 1j * generator.standard_normal((1, 8, 64, 64))
        np.save(scan, samples.astype(np.complex64))
        embed = [program, "embed", model, scan, "-o", rows]
        commands = {
            "--version": [program, "--version"],
            "embed": embed,
            "embed --precision bfloat16": [*embed, "--precision", "bfloat16"],
            "embed --backend torch": [*embed, "--backend", "torch"],
        }
        taken: dict[str, list[Taken]] = {name: [] for name in commands}
        for _ in range(arguments.rounds):
            for name, command in commands.items():
                taken[name].append(run(command))

    def median(name: str, figure: str) -> float:
        result: float = round(statistics.median(getattr(each, figure) for each in taken[name]), 1)
        return result

    result = {
        "date": machine.today(),
        "processor": machine.processor(),
        "rounds": arguments.rounds,
        "median": {
            name: {figure: median(name, figure) for figure in ("wall_ms", "cpu_ms", "resident_mib")}
            for name in commands
        },
    }
    print(json.dumps(result, indent=1))
    if arguments.output is not None:
        arguments.output.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
