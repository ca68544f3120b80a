"""Compares the ways to run one model file on this machine's CPU: the network, and k-space to embedding.

    pip install '.[benchmark]'
    python scripts/benchmarks/compare.py [--real-time] [--json FILE]

k-space to embedding is measured for a network of the slice's own size and for the default model, which brings every
slice to 64 x 64. Weights and input are the same for all, and every embedding is checked against float32 eager
PyTorch: to 1e-5 in float32, to a cosine of 0.999 in bfloat16. Each way runs in a process of its own; they take turns,
one works at a time. peers.py and kspace_peers.py say how each is configured. Exit codes: 0 success, 1 embeddings
disagree or libmriembed failed, 2 usage.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from alternation import Task
from cases import default_model, measure_case, network_input_shape, random_model
from eager_model import reference_embeddings
from kspace_peers import KSPACE_PEERS
from kspace_phantom import phantom_kspace
from machine import processor, today, versions
from peers import PEERS
from real_time import REAL_TIME
from results import KSPACE, KSPACE_DEFAULT, NETWORK_INPUT, OWN, Case, Run, write_run
from summary import summarize
from tables import heading, summary_lines

SHAPES = ("1,16,128,128", "1,32,256,256", "1,40,320,320", "8,16,128,128", "8,32,256,256", "64,16,128,128")
COILS = (8, 20, 32)
KSPACE_MATRIX = 256
VIRTUAL_COILS = 8
PACKAGES = ("mriembed", "torch", "onnx", "onnxruntime", "openvino", "numpy", "scipy")


def main() -> int:
    """Prints a table a case and the summary."""
    arguments = _arguments()
    cases: list[Case] = []
    machine, found_versions = processor(), versions(PACKAGES)
    if arguments.real_time:
        os.environ[REAL_TIME] = "1"  # for the processes that take turns
        machine += ", at real-time priority"
    print(heading(machine, found_versions), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for shape in arguments.shapes:
            model = random_model(Path(folder), shape[1] // 2)
            network_input = np.random.default_rng(0).normal(size=shape).astype(np.float32)
            reference = reference_embeddings(model, network_input)
            for precision in arguments.precisions:
                for threads in arguments.threads:
                    task = Task(model, precision, network_input, threads)
                    cases.append(measure_case(NETWORK_INPUT, PEERS, task, reference, arguments.rounds))
        for coils in arguments.coils:
            kspace = phantom_kspace(coils, KSPACE_MATRIX, KSPACE_MATRIX)
            models = {KSPACE: random_model(Path(folder), VIRTUAL_COILS), KSPACE_DEFAULT: default_model(Path(folder))}
            for kind, model in models.items():
                reference = reference_embeddings(model, kspace)
                for threads in arguments.threads:
                    task = Task(model, "float32", kspace, threads)
                    cases.append(measure_case(kind, KSPACE_PEERS, task, reference, arguments.rounds))
    summary = summarize(cases)
    run = Run(machine, today(), found_versions, arguments.rounds, tuple(cases))
    print(f"\n{summary_lines(summary)}")
    if arguments.json:
        write_run(arguments.json, run, summary)
    for line in run.disagreements:
        print(f"compare.py: embeddings disagree with float32 eager PyTorch: {line}", file=sys.stderr)
    own_failed = any(case.median_ms(OWN) is None for case in cases)
    return int(bool(run.disagreements) or own_failed)


def _at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"expected a whole number of at least {least}, not {text}")
        return int(text)

    return number


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results here")
    parser.add_argument("--threads", type=_at_least(1), nargs="+", default=[1, 2])
    parser.add_argument("--precisions", nargs="+", choices=["float32", "bfloat16"], default=["float32", "bfloat16"])
    parser.add_argument(
        "--shapes",
        type=network_input_shape,
        nargs="*",
        default=[network_input_shape(text) for text in SHAPES],
        help="slices,2 x coils,H,W",
    )
    parser.add_argument("--coils", type=_at_least(1), nargs="*", default=COILS, help="of the k-space cases")
    parser.add_argument("--rounds", type=_at_least(2), default=15, help="timed calls of each way in each case")
    parser.add_argument(
        "--real-time",
        action="store_true",
        help="run what is timed before all other work on the machine (needs CAP_SYS_NICE)",
    )
    arguments = parser.parse_args()
    if arguments.json and not arguments.json.parent.is_dir():
        parser.error(f"--json: the folder {arguments.json.parent} does not exist")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
