"""The ratios of a comparison, as docs/benchmarks.md states them. Larger than 1: faster than the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from results import KSPACE, KSPACE_DEFAULT, MARKS, MATRIX_PRODUCT, NETWORK_ALONE, OWN, TORCHSCRIPT, Case, Row, describe
from speed_limits import convolution_operations, matrix_product_gflops

LARGE_BATCH = (8, 32, 256, 256)
ONE_SLICE = (1, 32, 256, 256)


@dataclass(frozen=True)
class BestPeer:
    """The fastest other peer of one case: its time / libmriembed's."""

    case: str
    peer: str
    ratio: float


@dataclass(frozen=True)
class PrecisionSummary:
    """(best other peer / libmriembed) over all stacked cases of one precision."""

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
class CeilingSummary:
    """libmriembed's time against the convolutions' operations at the speed of a large matrix product."""

    precision: str
    threads: int
    ceiling_gflops: float
    work_gflop: float
    ceiling_ms: float
    own_ms: float
    ratio: float  # own_ms / ceiling_ms


@dataclass(frozen=True)
class Summary:
    """Everything that is printed at the end of a run."""

    precisions: tuple[PrecisionSummary, ...]
    bfloat16_to_torchscript_float32: float | None  # TorchScript float32 / libmriembed bfloat16, LARGE_BATCH, 2 threads
    kspace: tuple[KspaceSummary, ...]
    ceilings: tuple[CeilingSummary, ...]


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


def summarize(cases: Sequence[Case], widths: Sequence[int]) -> Summary:
    """`widths` are the network's, for the operations of its convolutions."""
    return Summary(
        tuple(found for precision in ("float32", "bfloat16") if (found := _precision(cases, precision)) is not None),
        _bfloat16_to_torchscript(cases),
        tuple(_kspace(case) for case in cases if case.input in (KSPACE, KSPACE_DEFAULT)),
        tuple(found for case in cases if (found := _ceiling(case, widths)) is not None),
    )


def _competes(row: Row) -> bool:
    return row.name not in (OWN, *MARKS) and row.agreement is not None and row.agreement.agrees


def _precision(cases: Sequence[Case], precision: str) -> PrecisionSummary | None:
    stacked = [case for case in cases if case.input == "stacked" and case.precision == precision]
    best = [found for case in stacked if (found := best_peer(case)) is not None]
    if not best:
        return None
    mean = geometric_mean([one.ratio for one in best])
    return PrecisionSummary(precision, len(best), mean, min(best, key=lambda one: one.ratio))


def _bfloat16_to_torchscript(cases: Sequence[Case]) -> float | None:
    def median(precision: str, name: str) -> float | None:
        wanted = ("stacked", LARGE_BATCH, precision, 2)
        found = [case for case in cases if (case.input, case.shape, case.precision, case.threads) == wanted]
        return found[0].median_ms(name) if found else None

    own, other = median("bfloat16", OWN), median("float32", TORCHSCRIPT)
    return None if own is None or other is None else other / own


def _kspace(case: Case) -> KspaceSummary:
    own, network = case.median_ms(OWN), case.median_ms(NETWORK_ALONE)
    share = None if own is None or network is None else own / network
    return KspaceSummary(case.input, case.shape[1], case.threads, best_peer(case), share)


def _ceiling(case: Case, widths: Sequence[int]) -> CeilingSummary | None:
    own, product = case.median_ms(OWN), case.median_ms(MATRIX_PRODUCT)
    if own is None or product is None:
        return None
    work, speed = convolution_operations(case.shape, widths) / 1e9, matrix_product_gflops(product)
    at_ceiling = 1e3 * work / speed
    return CeilingSummary(case.precision, case.threads, speed, work, at_ceiling, own, own / at_ceiling)
