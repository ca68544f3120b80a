"""The page's table of limits: which figures are beyond theirs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

from mriembed.check.measurement import Measurement
from mriembed.check.tables import Row, number

_OBJECT_CONTRAST = 8  # slices with less show no object
_TWO_LIMITS = ("spike", "noise_increase", "noise_decrease")
_highest = partial(max, default=None)
_lowest = partial(min, default=None)


@dataclass(frozen=True)
class _Limit:
    """A limit of the array, and the figure of the measurement that comes nearest to it, or exceeds it most.

    `side`: what a figure must be of the limit to be a finding: "above", "below" or "from". `value`: None: not judged.
    """

    fault: str
    name: str
    side: str
    value: float | None
    limit: float

    def row(self, found: Collection[str]) -> Row:
        """`found`: faults of the measurement's findings."""
        is_found = self.fault in found
        if is_found and self.fault in _TWO_LIMITS:  # of which one may be kept
            is_found = self.value is not None and _is_beyond(self.value, self.side, self.limit)
        value = "not judged" if self.value is None else number(self.value)
        return Row([self.name, value, f"{self.side} {number(self.limit)}"], is_found)


def limit_rows(measurement: Measurement) -> list[Row]:
    """The array's limits and the figure of the measurement that comes nearest to each, or exceeds it most."""
    limits = [
        *_limits_of_coils(measurement),
        *_limits_of_single_samples(measurement),
        *_limits_of_lines(measurement),
        *_limits_of_changes(measurement),
        *(_limits_of_comparison(measurement) if measurement.is_compared else []),
    ]
    found = {finding.fault for finding in measurement.findings}
    return [limit.row(found) for limit in limits]


def _limits_of_coils(measurement: Measurement) -> list[_Limit]:
    """Of noise, signal and clipped values."""
    coils, limits = measurement.coils, measurement.limits
    noise = [coil.noise_ratio for coil in coils if coil.noise_ratio is not None]
    contrasts = [coil.echo_contrast for coil in coils if coil.echo_contrast is not None]
    correlations = [coil.correlation for coil in coils if coil.correlation is not None]
    scan_noise = "noise of a coil in the scan, x that of the noise measurement, relative to the array"
    return [
        _Limit("high_noise", "noise of a coil, x the array's median", "above", _highest(noise), limits.high_noise),
        _Limit("low_noise", "noise of a coil, x the array's median", "below", _lowest(noise), limits.low_noise),
        _Limit(
            "no_signal",
            "power of a coil around the echo, x that elsewhere",
            "below",
            _lowest(contrasts),
            limits.no_signal,
        ),
        _Limit("scan_noise", scan_noise, "above", _highest(_scan_noise_ratios(measurement)), limits.scan_noise),
        _Limit("correlated", "noise correlation of two coils", "above", _highest(correlations), limits.correlation),
        _Limit(
            "clipped",
            "values at the receiver's limit",
            "from",
            _highest(coil.clipped for coil in coils),
            limits.clipped,
        ),
    ]


def _limits_of_single_samples(measurement: Measurement) -> list[_Limit]:
    """Of interference and spikes."""
    slices, limits = measurement.slices, measurement.limits
    judged = [one for one in slices if one.lines_are_judged]
    return [
        _Limit(
            "interference",
            "interference, x the power of its neighbours",
            "above",
            measurement.interference.level or None,
            limits.interference,
        ),
        _Limit(
            "spike",
            "spike, x the power around it",
            "above",
            _highest(one.spike.level for one in slices),
            limits.spike,
        ),
        _Limit(
            "spike",
            "spike, x what the lines beside it leave unexplained around it",
            "above",
            _highest(one.residual_spike.level for one in judged),
            limits.residual_spike,
        ),
    ]


def _limits_of_lines(measurement: Measurement) -> list[_Limit]:
    """Of what differs from line to line of a slice, and of lines that are zero."""
    slices, limits = measurement.slices, measurement.limits
    judged = [one for one in slices if one.lines_are_judged]
    return [
        _Limit(
            "ghost",
            "phase between odd and even lines (rad)",
            "above",
            _highest(abs(one.ghost_phase) for one in slices if one.ghost_is_judged),
            limits.ghost_phase,
        ),
        _Limit("motion", "sudden motion", "above", _highest(one.motion_level for one in judged), limits.motion_level),
        _Limit(
            "lost_readouts",
            "readouts of single coils that are zero, in a slice",
            "from",
            _highest(one.zero_readouts for one in slices),
            limits.zero_readouts,
        ),
        _Limit(
            "lost_lines",
            "lines of a slice that are zero in all coils",
            "from",
            _highest(one.lost_lines for one in slices),
            limits.lost_lines,
        ),
    ]


def _limits_of_changes(measurement: Measurement) -> list[_Limit]:
    """Of coils that change during the scan, and of the echo's place."""
    slices, limits = measurement.slices, measurement.limits
    with_object = [one for one in slices if one.echo_contrast >= _OBJECT_CONTRAST]
    return [
        _Limit(
            "coil_change",
            "change of a coil's gain or phase between two lines",
            "above",
            _highest(one.coil_change for one in slices if one.coil_change_is_judged),
            limits.coil_change,
        ),
        _Limit(
            "signal_change",
            "factor by which the signal of a coil changes from slice to slice",
            "above",
            _highest(one.signal_change for one in slices[1:]),
            limits.signal_change,
        ),
        _Limit(
            "echo",
            "samples from the centre of k-space to the echo",
            "above",
            _highest(max(abs(one.echo_y), abs(one.echo_x)) for one in with_object),
            limits.echo,
        ),
    ]


def _limits_of_comparison(measurement: Measurement) -> list[_Limit]:
    """Of the noise over that of a reference."""
    limits, change = measurement.limits, measurement.array_noise_change
    changes = [coil.noise_change for coil in measurement.coils if coil.noise_change is not None]
    array, coil = "noise of all coils, x the reference's", "noise of a coil, x the reference's"
    return [
        _Limit("noise_increase", array, "above", change, limits.array_noise_increase),
        _Limit("noise_decrease", array, "below", change, limits.array_noise_decrease),
        _Limit("noise_increase", coil, "above", _highest(changes), limits.noise_increase),
        _Limit("noise_decrease", coil, "below", _lowest(changes), limits.noise_decrease),
    ]


def _scan_noise_ratios(measurement: Measurement) -> list[float]:
    """Of the coils, over the array's median; none of less than 3 coils."""
    ratios = sorted(coil.scan_noise / coil.noise for coil in measurement.coils if coil.scan_noise and coil.noise)
    return [ratio / ratios[len(ratios) // 2] for ratio in ratios] if len(ratios) > 2 else []


def _is_beyond(value: float, side: str, limit: float) -> bool:
    """`side`: "above" or "below"."""
    return value > limit if side == "above" else value < limit
