#!/usr/bin/env python3
"""What `mriembed_cli embed --check` takes more than `embed`: in alternation, on one MRD file of a phantom.

    scripts/benchmarks/check_cost.py [--coils 32] [--matrix 256] [--slices 40] [--rounds 7] [-o FILE.json]

The readouts have twice as many samples as the matrix, as scanners give them. `ismrmrd_generate_cartesian_shepp_logan`
(Debian's ismrmrd-tools) writes the file. Times are of whole processes, of which each round runs one of each kind; CPU
times include the scan reader's. A slice's time is what each slice after the first adds.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import machine

import mriembed
from mriembed.programs import command_line_program

FINDING = 10  # exit code of a check that found something


@dataclass(frozen=True)
class Taken:
    """Milliseconds of a process and of what it started."""

    wall: float
    cpu: float


def phantom(path: Path, coils: int, matrix: int, slices: int, oversampling: int = 2) -> Path:
    """An MRD file whose repetitions stand for slices."""
    sizes = ["-m", str(matrix), "-c", str(coils), "-r", str(slices), "-O", str(oversampling)]
    command = ["ismrmrd_generate_cartesian_shepp_logan", *sizes, "-n", "0.05", "-C", "-o", str(path)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return path


def run(program: Path, model: Path, scan: Path, rows: Path, options: list[str]) -> Taken:
    """Embeds the scan once."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    command: list[str | Path] = [program, "embed", model, scan, "-o", rows, *options]
    status = subprocess.run(command, capture_output=True, check=False).returncode
    wall = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if status not in (0, FINDING):
        raise SystemExit(f"{program} embed: exit code {status}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Taken(1000 * wall, 1000 * cpu)


def main() -> None:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--coils", type=int, default=32)
    parser.add_argument("--matrix", type=int, default=256)
    parser.add_argument("--slices", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path)
    arguments = parser.parse_args()

    program = command_line_program()
    kinds = {"embed": [], "embed --check": ["--check"]}
    taken: dict[str, dict[str, list[Taken]]] = {kind: {"one": [], "all": []} for kind in kinds}
    with tempfile.TemporaryDirectory() as folder:
        model, rows = Path(folder) / "model.pt", Path(folder) / "rows.npy"
        mriembed.export_model(model, weights=mriembed.DEFAULT_WEIGHTS)
        scans = {
            "one": phantom(Path(folder) / "one.h5", arguments.coils, arguments.matrix, 1),
            "all": phantom(Path(folder) / "all.h5", arguments.coils, arguments.matrix, arguments.slices),
        }
        for _ in range(arguments.rounds):
            for kind, options in kinds.items():
                for name, scan in scans.items():
                    threads = ["--threads", str(arguments.threads)]
                    taken[kind][name].append(run(program, model, scan, rows, [*threads, *options]))

    def of_slice(kind: str, figure: str) -> float:
        one, every = (statistics.median(getattr(each, figure) for each in taken[kind][name]) for name in ("one", "all"))
        result: float = (every - one) / (arguments.slices - 1)
        return result

    result = {
        "date": machine.today(),
        "processor": machine.processor(),
        "coils": arguments.coils,
        "matrix": arguments.matrix,
        "slices": arguments.slices,
        "rounds": arguments.rounds,
        "threads": arguments.threads,
        "milliseconds_a_slice": {
            kind: {figure: round(of_slice(kind, figure), 2) for figure in ("wall", "cpu")} for kind in kinds
        },
    }
    print(json.dumps(result, indent=1))
    if arguments.output is not None:
        arguments.output.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
