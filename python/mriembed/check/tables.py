"""The page's tables of coils and slices, and how their figures are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mriembed.check.measurement import Measurement

_UNKNOWN = "unknown"


@dataclass(frozen=True)
class Row:
    """A row of a table."""

    cells: list[str]
    is_found: bool = False


def coil_rows(measurement: Measurement, found: Sequence[int]) -> list[Row]:
    """All coils in the order of their channels. `found`: places of the coils of findings."""
    rows = {
        channel: Row([f"coil {channel}", "0 (dead)", "left out", "", "", "", ""], is_found=True)
        for channel in measurement.dead_channels
    }
    for place, coil in enumerate(measurement.coils):
        noise = _UNKNOWN if coil.noise is None else number(coil.noise)
        correlation = _UNKNOWN
        if coil.correlation is not None and coil.correlated_with is not None:
            estimated = " estimated" if coil.noise_is_estimated else ""
            correlation = f"{coil.correlation:.2f} with coil {coil.correlated_with}{estimated}"
        rows[coil.channel] = Row(
            [
                coil.title,
                noise + (" estimated" if coil.noise_is_estimated else ""),
                number(coil.signal),
                f"{100 * coil.signal_share:.1f} %",
                _UNKNOWN if coil.snr is None else f"{coil.snr:.1f}",
                correlation,
                str(coil.clipped),
            ],
            place in found,
        )
    return [rows[channel] for channel in sorted(rows)]


def slice_rows(measurement: Measurement, found: Sequence[int]) -> list[Row]:
    """All slices. `found`: places of the slices of findings."""
    rows = []
    for place, one in enumerate(measurement.slices):
        ghost, motion = "not judged", "not judged"
        if one.ghost_is_judged:
            ghost = f"{one.ghost_phase:.3f} rad"
        if one.lines_are_judged:
            motion = f"{number(one.motion_level)} at line {one.motion_line}"
        rows.append(
            Row(
                [
                    slice_title(measurement, place),
                    str(one.lines),
                    str(one.measured_lines),
                    f"{number(one.spike.level)} at line {one.spike.y}, sample {one.spike.x}",
                    ghost,
                    motion,
                    f"{one.echo_y:+d} lines, {one.echo_x:+d} samples",
                ],
                place in found,
            )
        )
    return rows


def slice_title(measurement: Measurement, place: int) -> str:
    """A slice's number, and its partition where it is not the first."""
    one = measurement.slices[place]
    return f"slice {one.slice}" + (f", partition {one.partition}" if one.partition else "")


def number(value: float) -> str:
    """To about three digits."""
    return f"{value:.0f}" if 100 <= abs(value) < 1e6 else f"{value:.3g}"
