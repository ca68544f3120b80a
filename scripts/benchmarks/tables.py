"""What a comparison prints."""

from __future__ import annotations

from collections.abc import Mapping

from machine import today
from results import MARKS, ON_DEVICE, OWN, Case, Row, describe
from summary import Summary

NAME_WIDTH = 27


def case_table(case: Case) -> str:
    """Median, quartiles and ratio to libmriembed of every row, and why a row has none."""
    own = case.median_ms(OWN)
    return "\n".join([describe(case), *(_line(row, own) for row in case.rows)])


def summary_lines(summary: Summary) -> str:
    """The summary as sentences."""
    lines = ["Summary (ratios: other time / libmriembed's; above 1 libmriembed is faster)"]
    for one in summary.precisions:
        lines.append(
            f"  {one.precision}: best other peer {one.geometric_mean:.2f}x (geometric mean of {one.cases} cases), "
            f"smallest {one.smallest.ratio:.2f}x ({one.smallest.peer}, {one.smallest.case})"
        )
    for case in summary.kspace:
        threads = f"{case.threads} thread{'s' if case.threads > 1 else ''}"
        lines.append(
            f"  {case.input}, {case.coils} coils, {threads}: "
            + ("no other peer" if case.best_peer is None else f"{case.best_peer.peer} {case.best_peer.ratio:.2f}x")
            + "; k-space to embedding / network alone "
            + ("not measured" if case.embedding_to_network is None else f"{case.embedding_to_network:.2f}")
        )
    return "\n".join(lines)


def heading(machine: str, versions: Mapping[str, str]) -> str:
    """Machine, date and versions."""
    return f"{machine}, {today()}\n" + ", ".join(f"{name} {version}" for name, version in versions.items())


def _line(row: Row, own: float | None) -> str:
    if row.times is None:
        return f"  {row.name:{NAME_WIDTH}} {'-':>9}     {row.failed}"
    times = row.times
    line = (
        f"  {row.name:{NAME_WIDTH}} {times.median_ms:9.3f} ms  "
        f"({times.lower_quartile_ms:.3f} to {times.upper_quartile_ms:.3f})"
    )
    if own is not None and row.name not in MARKS and not row.name.endswith(ON_DEVICE):
        line += f"  {times.median_ms / own:6.2f}x"
    if row.configuration:
        line += f"  [{row.configuration}]"
    if row.agreement is not None and not row.agreement.agrees:
        line += (
            f"  EMBEDDINGS DISAGREE: largest difference {row.agreement.largest_difference:.1e}, "
            f"smallest cosine {row.agreement.smallest_cosine:.6f}"
        )
    return line
