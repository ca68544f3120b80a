"""The page's tables: figures as text, and which of them are beyond their limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from mriembed.check.measurement import Measurement

_UNKNOWN = "unknown"
_OBJECT_CONTRAST = 8  # slices with less show no object
_TWO_LIMITS = ("spike", "noise_increase", "noise_decrease")


@dataclass(frozen=True)
class Row:
    """A row of a table."""

    cells: list[str]
    is_found: bool = False


def limit_rows(measurement: Measurement) -> list[Row]:
    """The array's limits and the figure of the measurement that comes nearest to each, or exceeds it most."""
    coils, slices, limits = measurement.coils, measurement.slices, measurement.limits
    noise = [coil.noise_ratio for coil in coils if coil.noise_ratio is not None]
    judged = [one for one in slices if one.lines_are_judged]
    highest = partial(max, default=None)
    listed: list[tuple[str, str, str, float | None, float]] = [
        ("high_noise", "noise of a coil, x the array's median", "above", highest(noise), limits.high_noise),
        ("low_noise", "noise of a coil, x the array's median", "below", min(noise, default=None), limits.low_noise),
        (
            "no_signal",
            "power of a coil around the echo, x that elsewhere",
            "below",
            min((coil.echo_contrast for coil in coils if coil.echo_contrast is not None), default=None),
            limits.no_signal,
        ),
        (
            "scan_noise",
            "noise of a coil in the scan, x that of the noise measurement, relative to the array",
            "above",
            highest(_scan_noise_ratios(measurement)),
            limits.scan_noise,
        ),
        (
            "correlated",
            "noise correlation of two coils",
            "above",
            highest([coil.correlation for coil in coils if coil.correlation is not None]),
            limits.correlation,
        ),
        (
            "clipped",
            "values at the receiver's limit",
            "from",
            highest(coil.clipped for coil in coils),
            limits.clipped,
        ),
        (
            "interference",
            "interference, x the power of its neighbours",
            "above",
            measurement.interference.level or None,
            limits.interference,
        ),
        ("spike", "spike, x the power around it", "above", highest(one.spike.level for one in slices), limits.spike),
        (
            "spike",
            "spike, x what the lines beside it leave unexplained around it",
            "above",
            highest(one.residual_spike.level for one in judged),
            limits.residual_spike,
        ),
        (
            "ghost",
            "phase between odd and even lines (rad)",
            "above",
            highest(abs(one.ghost_phase) for one in slices if one.ghost_is_judged),
            limits.ghost_phase,
        ),
        ("motion", "sudden motion", "above", highest(one.motion_level for one in judged), limits.motion_level),
        (
            "lost_readouts",
            "readouts of single coils that are zero, in a slice",
            "from",
            highest(one.zero_readouts for one in slices),
            limits.zero_readouts,
        ),
        (
            "lost_lines",
            "lines of a slice that are zero in all coils",
            "from",
            highest(one.lost_lines for one in slices),
            limits.lost_lines,
        ),
        (
            "coil_change",
            "change of a coil's gain or phase between two lines",
            "above",
            highest(one.coil_change for one in slices if one.coil_change_is_judged),
            limits.coil_change,
        ),
        (
            "signal_change",
            "factor by which the signal of a coil changes from slice to slice",
            "above",
            highest(one.signal_change for one in slices[1:]),
            limits.signal_change,
        ),
        (
            "echo",
            "samples from the centre of k-space to the echo",
            "above",
            highest(max(abs(one.echo_y), abs(one.echo_x)) for one in slices if one.echo_contrast >= _OBJECT_CONTRAST),
            limits.echo,
        ),
    ]
    if measurement.is_compared:
        changes = [coil.noise_change for coil in coils if coil.noise_change is not None]
        array, coil = "noise of all coils, x the reference's", "noise of a coil, x the reference's"
        change = measurement.array_noise_change
        listed += [
            ("noise_increase", array, "above", change, limits.array_noise_increase),
            ("noise_decrease", array, "below", change, limits.array_noise_decrease),
            ("noise_increase", coil, "above", highest(changes), limits.noise_increase),
            ("noise_decrease", coil, "below", min(changes, default=None), limits.noise_decrease),
        ]
    found = {finding.fault for finding in measurement.findings}
    return [
        Row(
            [name, "not judged" if value is None else number(value), f"{side} {number(limit)}"],
            # Some faults have two limits, of which one may be kept.
            fault in found and (fault not in _TWO_LIMITS or (value is not None and _is_beyond(value, side, limit))),
        )
        for fault, name, side, value, limit in listed
    ]


def _scan_noise_ratios(measurement: Measurement) -> list[float]:
    """Of the coils, over the array's median; none of less than 3 coils."""
    ratios = sorted(coil.scan_noise / coil.noise for coil in measurement.coils if coil.scan_noise and coil.noise)
    return [ratio / ratios[len(ratios) // 2] for ratio in ratios] if len(ratios) > 2 else []


def _is_beyond(value: float, side: str, limit: float) -> bool:
    """`side`: "above" or "below"."""
    return value > limit if side == "above" else value < limit


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
