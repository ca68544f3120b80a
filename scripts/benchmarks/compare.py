"""Compares every way to run one model file on this machine's CPU, taking turns within one run.

    python scripts/benchmarks/compare.py [--json FILE] [--threads 1 2] [--precisions float32 bfloat16] [--shapes ...]

Each way runs in a process of its own, so that no thread pool meets another; only one of them works at a time.
"""

from __future__ import annotations

import argparse
import datetime
import json
import multiprocessing
import platform
import statistics
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peers import PEERS, Peer

import mriembed

SHAPES = ("1,16,128,128", "1,32,256,256", "1,40,320,320", "8,16,128,128", "8,32,256,256", "64,16,128,128")


def serve(peer: Peer, model: Path, precision: str, threads: int, stacked: np.ndarray, pipe: Connection) -> None:
    """Prepares, sends the embeddings, then answers each request with the seconds of one call."""
    try:
        call = peer.prepare(model, precision, threads, stacked)
        call()
        pipe.send(np.asarray(call(), dtype=np.float32))
    except Exception as failure:  # whatever a peer fails with belongs into the table
        pipe.send(f"{type(failure).__name__}: {failure}".splitlines()[0])
        return
    while pipe.recv():
        call()  # wakes this process's threads; the timed call is one among many, as in use
        start = time.perf_counter()
        call()
        pipe.send(time.perf_counter() - start)


def measure(model: Path, precision: str, threads: int, stacked: np.ndarray, rounds: int) -> list[dict[str, Any]]:
    """One row a peer: milliseconds (median, quartiles) and how far its embeddings are from the first peer's."""
    context = multiprocessing.get_context("spawn")
    running = []
    rows = []
    reference = None
    for peer in PEERS:
        if precision not in peer.precisions or not peer.present:
            continue
        here, there = context.Pipe()
        process = context.Process(target=serve, args=(peer, model, precision, threads, stacked, there), daemon=True)
        process.start()
        there.close()
        try:
            answer = here.recv()
        except EOFError:
            answer = "the process ended"
        if isinstance(answer, str):
            rows.append({"peer": peer.name, "failed": answer})
            continue
        reference = answer if reference is None else reference
        cosine = np.sum(answer * reference, axis=1) / np.linalg.norm(answer, axis=1) / np.linalg.norm(reference, axis=1)
        agrees = np.abs(answer - reference).max() <= 1e-5 if precision == "float32" else cosine.min() >= 0.999
        rows.append({"peer": peer.name, "agrees": bool(agrees), "smallest_cosine": float(cosine.min())})
        running.append((process, here, rows[-1], []))
    for _ in range(rounds):
        for _, pipe, _, seconds in running:
            time.sleep(0.02)  # until the waiting threads of the process before no longer spin
            pipe.send(True)
            seconds.append(pipe.recv())
    for process, pipe, row, seconds in running:
        pipe.send(False)
        process.join()
        low, middle, high = statistics.quantiles([1e3 * second for second in seconds], n=4)
        row.update(median_ms=middle, quartiles_ms=[low, high])
    return rows


def processor() -> str:
    """The processor's name as Linux gives it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} x {names[0]}" if names else platform.machine()


def main() -> int:
    """Prints a table for each threads, precision and shape; returns 1 where embeddings disagree."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the results here")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--precisions", nargs="+", default=["float32", "bfloat16"])
    parser.add_argument("--shapes", nargs="+", default=SHAPES, help="B,C,H,W")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()

    cases = []
    with tempfile.TemporaryDirectory() as folder:
        for shape_text in arguments.shapes:
            shape = tuple(int(length) for length in shape_text.split(","))
            model = Path(folder) / f"{shape[1]}.pt"
            mriembed.export_model(model, num_coils=shape[1] // 2, overwrite=True)
            stacked = np.random.default_rng(0).normal(size=shape).astype(np.float32)
            for precision in arguments.precisions:
                for threads in arguments.threads:
                    rows = measure(model, precision, threads, stacked, arguments.rounds)
                    cases.append({"shape": shape, "precision": precision, "threads": threads, "rows": rows})
                    print(f"\n{shape_text} {precision}, {threads} thread{'s' if threads > 1 else ''}")
                    own = next((row["median_ms"] for row in rows if "median_ms" in row), float("nan"))
                    for row in rows:
                        if "failed" in row:
                            print(f"  {row['peer']:20} failed: {row['failed'][:80]}")
                            continue
                        low, high = row["quartiles_ms"]
                        agreement = "" if row["agrees"] else "  EMBEDDINGS DISAGREE"
                        ratio = row["median_ms"] / own
                        print(
                            f"  {row['peer']:20} {row['median_ms']:9.3f} ms  ({low:.3f} to {high:.3f})"
                            f"  {ratio:5.2f}x{agreement}",
                            flush=True,
                        )
    result = {
        "machine": processor(),
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "torch": torch.__version__,
        "mriembed": mriembed.__version__,
        "rounds": arguments.rounds,
        "cases": cases,
    }
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    return int(any(not row.get("agrees", True) for case in cases for row in case["rows"]))


if __name__ == "__main__":
    sys.exit(main())
