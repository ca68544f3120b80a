#!/usr/bin/env python3
"""What missing lines add to the time of an embedding: undersampled slices in alternation with the full one.

    scripts/benchmarks/completion_cost.py [--coils 32] [--matrix 256] [--calibration 24] [--rounds 15] [-o FILE.json]

Times are processor times of one thread. A round embeds the full slice and those of 2, 3 and 4-fold undersampling; what
one of them adds is the median over rounds of its difference from the full slice of the same round.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import machine
import numpy as np
from kspace_phantom import phantom_kspace
from numpy.typing import NDArray

import mriembed

FACTORS = (2, 3, 4)
CALLS = 4  # of one slice in a round, after an untimed one


def undersampled(kspace: NDArray[np.complex64], factor: int, calibration: int) -> NDArray[np.complex64]:
    """Every `factor`-th line and the ACS lines, zeros between them."""
    lines = kspace.shape[2]
    result = np.zeros_like(kspace)
    result[:, :, ::factor] = kspace[:, :, ::factor]
    central = slice(lines // 2 - calibration // 2, lines // 2 - calibration // 2 + calibration)
    result[:, :, central] = kspace[:, :, central]
    return result


def milliseconds(embedder: mriembed.Embedder, kspace: NDArray[np.complex64]) -> float:
    """Processor time of one slice."""
    embedder.embed_kspace(kspace)
    begun = time.process_time()
    for _ in range(CALLS):
        embedder.embed_kspace(kspace)
    return 1000 * (time.process_time() - begun) / CALLS


def main() -> None:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--coils", type=int, default=32)
    parser.add_argument("--matrix", type=int, default=256)
    parser.add_argument("--calibration", type=int, default=24, help="ACS lines")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("-o", "--output", type=Path)
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.pt"
        mriembed.export_model(model, weights=mriembed.DEFAULT_WEIGHTS)
        embedder = mriembed.Embedder.load(model, threads=1)
    full = phantom_kspace(arguments.coils, arguments.matrix, arguments.matrix)
    slices = {factor: undersampled(full, factor, arguments.calibration) for factor in FACTORS}
    times: list[float] = []
    added: dict[int, list[float]] = {factor: [] for factor in FACTORS}
    for _ in range(arguments.rounds):
        times.append(milliseconds(embedder, full))
        for factor, kspace in slices.items():
            added[factor].append(milliseconds(embedder, kspace) - times[-1])

    result = {
        "date": machine.today(),
        "processor": machine.processor(),
        "coils": arguments.coils,
        "matrix": arguments.matrix,
        "calibration": arguments.calibration,
        "rounds": arguments.rounds,
        "milliseconds_full": round(statistics.median(times), 2),
        "milliseconds_added": {factor: round(statistics.median(added[factor]), 2) for factor in FACTORS},
    }
    print(json.dumps(result, indent=1))
    if arguments.output is not None:
        arguments.output.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
