"""What the comparison on a GPU comes down to: ratios, and distance from the memory floor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from results import DEVICE_COPY, MARKS, ON_DEVICE, OWN, UPLOAD, Case, describe

GIBIBYTE = 2**30


@dataclass(frozen=True)
class GpuRow:
    """One way in one case; `to_floor` is its time / the floor, `to_own` its time / libmriembed's (host to host)."""

    name: str
    median_ms: float
    floor_ms: float
    to_floor: float
    to_own: float | None


@dataclass(frozen=True)
class GpuCaseSummary:
    """`device_gb_per_s`: bytes read plus bytes written a second in a copy on the device."""

    case: str
    device_gb_per_s: float
    traffic_bytes: int
    upload_ms: float
    rows: tuple[GpuRow, ...]


@dataclass(frozen=True)
class GpuSummary:
    """All cases in which the transfers could be measured."""

    cases: tuple[GpuCaseSummary, ...]


def summarize(cases: Sequence[Case], widths: Sequence[int], embed_dim: int) -> GpuSummary:
    """`widths` and `embed_dim` are the network's, for the bytes that it must move."""
    return GpuSummary(tuple(found for case in cases if (found := _case(case, widths, embed_dim)) is not None))


def summary_lines(summary: GpuSummary) -> str:
    """The summary as sentences."""
    lines = ["Summary (floor: bytes that must be moved at the device's copy speed; host to host, upload on top)"]
    for case in summary.cases:
        lines.append(
            f"  {case.case}: {case.traffic_bytes / 1e6:.1f} MB at {case.device_gb_per_s:.0f} GB/s, "
            f"upload {case.upload_ms:.3f} ms"
        )
        for row in case.rows:
            ratio = "" if row.to_own is None else f", {row.to_own:.2f}x libmriembed's time"
            lines.append(
                f"    {row.name:27} {row.median_ms:9.3f} ms, {row.to_floor:.2f} of the floor {row.floor_ms:.3f} ms"
                + ratio
            )
    return "\n".join(lines)


def memory_traffic(shape: Sequence[int], widths: Sequence[int], embed_dim: int, element_bytes: int) -> int:
    """Bytes that the network must at least move: the float32 input is read once, each convolution's output written
    once and read once (GroupNorm needs all of it before any of it goes on), weights read, embeddings written.
    """
    slices = shape[0]
    samples = 4 * slices * shape[1] * shape[2] * shape[3]
    layers = list(_convolutions(shape, widths))
    activations = 2 * element_bytes * slices * sum(after * pixels for _, after, pixels in layers)
    weights = sum(9 * before * after + 3 * after for before, after, _ in layers) + (widths[-1] + 1) * embed_dim
    return samples + activations + element_bytes * weights + 4 * slices * embed_dim


def _convolutions(shape: Sequence[int], widths: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Input channels, output channels and output pixels of each convolution, for one slice."""
    _, channels, height, width = shape
    yield channels, widths[0], height * width
    before = widths[0]
    for after in widths:
        height, width = (height + 1) // 2, (width + 1) // 2
        yield before, after, height * width
        before = after


def _case(case: Case, widths: Sequence[int], embed_dim: int) -> GpuCaseSummary | None:
    copy_ms, upload_ms = case.median_ms(DEVICE_COPY), case.median_ms(UPLOAD)
    if copy_ms is None or upload_ms is None:
        return None
    bytes_per_ms = 2 * GIBIBYTE / copy_ms
    traffic = memory_traffic(case.shape, widths, embed_dim, 4 if case.precision == "float32" else 2)
    own = case.median_ms(OWN)
    rows = []
    for row in case.rows:
        if row.times is None or row.name in MARKS:
            continue
        on_device = row.name.endswith(ON_DEVICE)
        floor = traffic / bytes_per_ms + (0.0 if on_device else upload_ms)
        to_own = None if own is None or on_device or row.name == OWN else row.times.median_ms / own
        rows.append(GpuRow(row.name, row.times.median_ms, floor, row.times.median_ms / floor, to_own))
    return GpuCaseSummary(describe(case), bytes_per_ms / 1e6, traffic, upload_ms, tuple(rows))
