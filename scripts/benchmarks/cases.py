"""One case of a comparison: who takes part, their turns, and the check of their embeddings."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from alternation import Contestant, Outcome, Task, take_turns
from eager_model import agreement
from machine import missing
from numpy.typing import NDArray
from peers import Peer
from results import Case, Row
from tables import case_table

import mriembed

ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1"}  # NumPy's own: see numpy_preprocessing.py; torch and the others have theirs


def network_input_shape(text: str) -> tuple[int, ...]:
    """An option's value: slices,2 x coils,H,W."""
    lengths = tuple(int(length) for length in text.split(",") if length.isdecimal())
    if text.count(",") != 3 or len(lengths) != 4 or min(lengths) < 1 or lengths[1] % 2:
        raise argparse.ArgumentTypeError(f"expected slices,2 x coils,H,W like 1,32,256,256, not {text}")
    return lengths


def random_model(folder: Path, num_coils: int) -> Path:
    """A model file of the default network with random weights, in that folder."""
    path = folder / f"{num_coils}.pt"
    mriembed.export_model(path, num_coils=num_coils, overwrite=True)
    return path


def default_model(folder: Path) -> Path:
    """A model file with the default weights, in that folder."""
    path = folder / "default.pt"
    mriembed.export_model(path, weights=mriembed.DEFAULT_WEIGHTS, overwrite=True)
    return path


def measure_case(
    kind: str,
    peers: Sequence[Peer],
    task: Task,
    reference: NDArray[np.float32],
    rounds: int,
    marks: Sequence[Contestant] = (),
    calls: int = 1,
) -> Case:
    """Lets the peers take turns, prints the table; who cannot take part gets a row with the reason."""
    excluded = {peer.name: peer.unsupported.get(task.precision) or missing(peer.package) for peer in peers}
    taking_part = [
        *(Contestant(peer.name, peer.prepare, task, ENVIRONMENT) for peer in peers if not excluded[peer.name]),
        *marks,
    ]
    outcomes = take_turns(taking_part, rounds, calls)
    rows = {
        contestant.name: _row(contestant.name, outcome, reference, task.precision)
        for contestant, outcome in zip(taking_part, outcomes, strict=True)
    }
    order = [*(peer.name for peer in peers), *(mark.name for mark in marks)]
    case = Case(
        kind,
        task.samples.shape,
        task.precision,
        task.threads,
        tuple(rows[name] if name in rows else Row(name, failed=excluded[name]) for name in order),
    )
    print(f"\n{case_table(case)}", flush=True)
    return case


def _row(name: str, outcome: Outcome, reference: NDArray[np.float32], precision: str) -> Row:
    found = None if outcome.embeddings is None else agreement(outcome.embeddings, reference, precision)
    return Row(name, outcome.times, found, outcome.configuration, outcome.failed)
