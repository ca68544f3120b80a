#!/usr/bin/env python3
"""What reading, preparing and embedding a slice of an MRD file takes with two versions of the program, in alternation.

    scripts/benchmarks/reading.py --before OLD/mriembed_cli [--after NEW/mriembed_cli] [--coils 32] [--matrix 256]
        [--before-model FILE.pt] [--after-model FILE.pt] [--slices 40] [--rounds 9] [-o FILE.json]

Both read the same files on one thread, with the same model unless model files are given. A version that reads another
format of model files needs one of its own; networks of the same shape take the same time, and a small one
(`mriembed.export_model` with `widths=(8, 8, 8, 8)`) leaves little but reading and preparing. The files are raw MRD HDF5
of a phantom with and without twofold readout oversampling (`ismrmrd_generate_cartesian_shepp_logan`, Debian's
ismrmrd-tools). Times are processor times of whole processes, the scan reader's included; a slice's time is what each
slice after the first adds. Programs take turns in going first; the ratio is the median of those of each turn. The same
program twice gives a ratio of about 1, which shows how exact the others are.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path

import machine
from check_cost import phantom, run

import mriembed
from mriembed.programs import command_line_program

OVERSAMPLING = (1, 2)
THREADS = ["--threads", "1"]


def of_slice(program: Path, model: Path, files: tuple[Path, Path], slices: int) -> float:
    """Milliseconds that a slice adds, by a file of one slice and one of all."""
    rows = files[0].with_name("rows.npy")
    one, every = (run(program, model, file, rows, THREADS).cpu for file in files)
    return (every - one) / (slices - 1)


def main() -> None:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", type=Path, required=True, help="mriembed_cli of the other version")
    parser.add_argument(
        "--after", type=Path, default=command_line_program(), help="by default that of this environment"
    )
    parser.add_argument("--before-model", type=Path, help="by default that of the default weights")
    parser.add_argument("--after-model", type=Path, help="by default that of the default weights")
    parser.add_argument("--coils", type=int, default=32)
    parser.add_argument("--matrix", type=int, default=256)
    parser.add_argument("--slices", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("-o", "--output", type=Path)
    arguments = parser.parse_args()

    programs = {"before": arguments.before, "after": arguments.after}
    times: dict[int, dict[str, list[float]]] = {
        oversampling: {name: [] for name in programs} for oversampling in OVERSAMPLING
    }
    with tempfile.TemporaryDirectory() as folder:
        default = Path(folder) / "model.pt"
        mriembed.export_model(default, weights=mriembed.DEFAULT_WEIGHTS)
        models = {"before": arguments.before_model or default, "after": arguments.after_model or default}
        for oversampling, of_program in times.items():
            sizes = (arguments.coils, arguments.matrix)
            one = phantom(Path(folder) / f"one_{oversampling}.h5", *sizes, 1, oversampling)
            every = phantom(Path(folder) / f"all_{oversampling}.h5", *sizes, arguments.slices, oversampling)
            for turn in range(arguments.rounds):
                for name in sorted(programs, reverse=turn % 2 == 1):
                    of_program[name].append(of_slice(programs[name], models[name], (one, every), arguments.slices))
            every.unlink()

    result = {
        "date": machine.today(),
        "processor": machine.processor(),
        "coils": arguments.coils,
        "matrix": arguments.matrix,
        "slices": arguments.slices,
        "rounds": arguments.rounds,
        "of_oversampling": {
            oversampling: {
                "milliseconds_before": round(statistics.median(of_program["before"]), 2),
                "milliseconds_after": round(statistics.median(of_program["after"]), 2),
                "ratio": round(
                    statistics.median(
                        after / before for before, after in zip(of_program["before"], of_program["after"], strict=True)
                    ),
                    3,
                ),
            }
            for oversampling, of_program in times.items()
        },
    }
    print(json.dumps(result, indent=1))
    if arguments.output is not None:
        arguments.output.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
