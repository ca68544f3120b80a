"""Compares libmriembed on a GPU with torch.compile (max-autotune, CUDA graphs) and TorchScript.

    python scripts/benchmarks/compare_gpu.py [--shapes S,C,H,W ...] [--precisions PRECISION ...] [--json FILE]

gpu_peers.py says how each is configured. Every embedding is checked against float32 eager PyTorch on the CPU. The
memory floor is the time that the bytes which the network must move take at the speed of a copy within the device,
measured in the same alternation; host to host, the measured upload of the input comes on top. FILE holds all cases so
far whenever one has ended. Exit codes: 0 success, 1 libmriembed failed or its embeddings disagree, 2 usage error, 5 no
GPU.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from alternation import Contestant, Task
from cases import measure_case, network_input_shape, random_model
from eager_model import reference_embeddings
from gpu_peers import GPU_MARKS, GPU_PEERS
from gpu_summary import summarize, summary_lines
from machine import processor, today, versions
from results import NETWORK_INPUT, OWN, Case, Run, is_right, write_run
from tables import heading

import mriembed

SHAPES = ((1, 32, 256, 256), (64, 32, 256, 256), (1, 16, 128, 128), (64, 16, 128, 128), (64, 16, 64, 64))
PRECISIONS = ("float32", "bfloat16")
CALLS = 10  # a GPU call can be as short as the clock's own cost


def main() -> int:
    """Prints a table a case and the summary."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results here")
    parser.add_argument("--shapes", type=network_input_shape, nargs="+", default=SHAPES, help="slices,2 x coils,H,W")
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=PRECISIONS)
    parser.add_argument("--rounds", type=int, default=15, help="timed turns of each way in each case, 2 or more")
    arguments = parser.parse_args()
    if arguments.rounds < 2:
        parser.error(f"--rounds must be at least 2, not {arguments.rounds}")
    if arguments.json and not arguments.json.parent.is_dir():
        parser.error(f"--json: the folder {arguments.json.parent} does not exist")
    if not torch.cuda.is_available():
        print(
            "compare_gpu.py: torch finds no usable GPU on this machine; compare.py compares on the CPU", file=sys.stderr
        )
        return 5

    gpu = torch.cuda.get_device_name()
    machine = f"{gpu}, {processor()}"
    found_versions = versions(("mriembed", "torch", "triton", "numpy")) | {"cuda": str(torch.version.cuda)}
    cases: list[Case] = []
    print(heading(machine, found_versions), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for shape in arguments.shapes:
            model = random_model(Path(folder), shape[1] // 2)
            description = mriembed.read_description(model)
            network_input = np.random.default_rng(0).normal(size=shape).astype(np.float32)
            reference = reference_embeddings(model, network_input)
            for precision in arguments.precisions:
                task = Task(model, precision, network_input, device="cuda")
                marks = [Contestant(name, prepare, task) for name, prepare in GPU_MARKS]
                cases.append(
                    measure_case(NETWORK_INPUT, GPU_PEERS, task, reference, arguments.rounds, marks, calls=CALLS)
                )
                run = Run(machine, today(), found_versions, arguments.rounds, tuple(cases))
                summary = summarize(cases, description.arguments["widths"], description.embed_dim)
                if arguments.json:
                    write_run(arguments.json, run, summary)
    print(f"\n{summary_lines(summary)}")
    for line in run.disagreements:
        print(f"compare_gpu.py: embeddings disagree with float32 eager PyTorch: {line}", file=sys.stderr)
    return int(not all(is_right(case.row(OWN)) for case in cases))


if __name__ == "__main__":
    sys.exit(main())
