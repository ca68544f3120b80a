"""The ratios of a comparison, as docs/benchmarks.md states them. Larger than 1: faster than the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from results import KSPACE, KSPACE_DEFAULT, MARKS, NETWORK_ALONE, NETWORK_INPUT, OWN, Case, Row, describe


@dataclass(frozen=True)
class BestPeer:
    """The fastest other peer of one case: its time / libmriembed's."""

    case: str
    peer: str
    ratio: float


@dataclass(frozen=True)
class PrecisionSummary:
    """(best other peer / libmriembed) over all cases of network input of one precision."""

    precision: str
    cases: int
    geometric_mean: float
    smallest: BestPeer


@dataclass(frozen=True)
class KspaceSummary:
    """One k-space case."""

    input: str
    coils: int
    threads: int
    best_peer: BestPeer | None
    embedding_to_network: float | None  # libmriembed: k-space to embedding / network alone


@dataclass(frozen=True)
class Summary:
    """Everything that is printed at the end of a run."""

    precisions: tuple[PrecisionSummary, ...]
    kspace: tuple[KspaceSummary, ...]


def geometric_mean(values: Sequence[float]) -> float:
    """Of positive values, at least one."""
    return math.exp(sum(map(math.log, values)) / len(values))


def best_peer(case: Case) -> BestPeer | None:
    """The fastest other peer whose embeddings are right, or None where nothing can be compared."""
    own = case.median_ms(OWN)
    others = [(row.times.median_ms, row.name) for row in case.rows if row.times is not None and _competes(row)]
    if own is None or not others:
        return None
    fastest, name = min(others)
    return BestPeer(describe(case), name, fastest / own)


def summarize(cases: Sequence[Case]) -> Summary:
    """Of all cases of a run."""
    return Summary(
        tuple(found for precision in ("float32", "bfloat16") if (found := _precision(cases, precision)) is not None),
        tuple(_kspace(case) for case in cases if case.input in (KSPACE, KSPACE_DEFAULT)),
    )


def _competes(row: Row) -> bool:
    return row.name not in (OWN, *MARKS) and row.agreement is not None and row.agreement.agrees


def _precision(cases: Sequence[Case], precision: str) -> PrecisionSummary | None:
    network_input = [case for case in cases if case.input == NETWORK_INPUT and case.precision == precision]
    best = [found for case in network_input if (found := best_peer(case)) is not None]
    if not best:
        return None
    mean = geometric_mean([one.ratio for one in best])
    return PrecisionSummary(precision, len(best), mean, min(best, key=lambda one: one.ratio))


def _kspace(case: Case) -> KspaceSummary:
    own, network = case.median_ms(OWN), case.median_ms(NETWORK_ALONE)
    share = None if own is None or network is None else own / network
    return KspaceSummary(case.input, case.shape[1], case.threads, best_peer(case), share)
