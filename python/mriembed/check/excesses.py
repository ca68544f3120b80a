"""Which figures of a measurement are beyond their limits: the coils and slices that its findings are about.

The findings themselves are text. The limits are applied as in cpp/src/quality/quality_findings.cpp.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from mriembed.check.measurement import Limits, Measurement

_FEWEST_COMPARED = 3  # coils that have a median


@dataclass(frozen=True)
class Extreme:
    """A figure of a coil or slice that has a limit.

    Attributes:
        value: the figure.
        limit: its limit.
        is_below: whether the figure must not be below the limit; otherwise it must not be above.
        coils: places in `Measurement.coils`.
        slices: places in `Measurement.slices`.
    """

    value: float
    limit: float
    is_below: bool = False
    coils: tuple[int, ...] = ()
    slices: tuple[int, ...] = ()

    @property
    def severity(self) -> float:
        """How far the figure is beyond the limit, as a factor; 1 or less: within the limit."""
        over, under = (self.limit, self.value) if self.is_below else (self.value, self.limit)
        if under <= 0:
            return math.inf if over > 0 else 0.0
        return over / under


@dataclass(frozen=True)
class Figures:
    """The figures of a measurement, by limit; empty where nothing can be judged."""

    high_noise: list[Extreme]
    low_noise: list[Extreme]
    low_snr: list[Extreme]
    correlation: list[Extreme]
    clipped: list[Extreme]
    interference: list[Extreme]
    spike: list[Extreme]
    ghost_phase: list[Extreme]
    motion_level: list[Extreme]
    zero: list[Extreme]

    def excesses(self) -> list[Extreme]:
        """Figures beyond their limits, the worst first."""
        found = [*self.zero, *(figure for figure in self.clipped if figure.severity >= 1)]
        for figures in (
            self.high_noise, self.low_noise, self.low_snr, self.correlation, self.interference, self.spike,
            self.ghost_phase, self.motion_level,
        ):  # fmt: skip
            found += [figure for figure in figures if figure.severity > 1]
        return sorted(found, key=lambda figure: -figure.severity)


def figures_of(measurement: Measurement) -> Figures:
    """All figures of a measurement that have limits."""
    limits = measurement.limits
    places = {coil.channel: place for place, coil in enumerate(measurement.coils)}
    live = [(place, coil) for place, coil in enumerate(measurement.coils) if not coil.is_zero]
    noise_median = array_median(coil.noise or 0 for coil in measurement.coils)
    snr_median = array_median(coil.snr or 0 for coil in measurement.coils)
    noises = [(place, coil.noise / noise_median, coil.limits) for place, coil in live if coil.noise and noise_median]
    correlations = [
        Extreme(coil.correlation, coil.limits.correlation, coils=(place, places[coil.correlated_with]))
        for place, coil in live
        if coil.correlation is not None and coil.correlated_with in places
    ]
    interference = measurement.interference
    return Figures(
        high_noise=[Extreme(ratio, own.high_noise, coils=(place,)) for place, ratio, own in noises],
        low_noise=[Extreme(ratio, own.low_noise, is_below=True, coils=(place,)) for place, ratio, own in noises],
        low_snr=[
            Extreme((coil.snr or 0) / snr_median, coil.limits.low_snr, is_below=True, coils=(place,))
            for place, coil in live
            if coil.noise and snr_median
        ],
        correlation=correlations,
        clipped=[Extreme(coil.clipped, coil.limits.clipped, coils=(place,)) for place, coil in live],
        interference=[Extreme(interference.level, limits.interference, coils=(places[interference.channel],))],
        zero=[
            Extreme(0, 1, is_below=True, coils=(place,)) for place, coil in enumerate(measurement.coils) if coil.is_zero
        ],
        **_slice_figures(measurement, limits),
    )


def _slice_figures(measurement: Measurement, limits: Limits) -> dict[str, list[Extreme]]:
    slices = list(enumerate(measurement.slices))
    judged = [(place, one) for place, one in slices if one.lines_are_judged]
    # A ghost and interference disturb all lines: motion is not told beside them.
    interfered = measurement.interference.level > limits.interference
    steady = [] if interfered else [one for one in judged if abs(one[1].ghost_phase) <= limits.ghost_phase]
    return {
        "spike": [Extreme(one.spike.level, limits.spike, slices=(place,)) for place, one in slices],
        "ghost_phase": [Extreme(abs(one.ghost_phase), limits.ghost_phase, slices=(place,)) for place, one in judged],
        "motion_level": [Extreme(one.motion_level, limits.motion_level, slices=(place,)) for place, one in steady],
    }


def array_median(values: Iterable[float]) -> float:
    """The upper median of the values above 0; 0 where fewer than 3 are."""
    positive = sorted(value for value in values if value > 0)
    return positive[len(positive) // 2] if len(positive) >= _FEWEST_COMPARED else 0.0


def median_coil(measurement: Measurement) -> int | None:
    """The place of the coil of median noise, or of median signal where no noise is known; None: all are zero."""
    for values in ([coil.noise or 0 for coil in measurement.coils], [coil.signal for coil in measurement.coils]):
        order = sorted((value, place) for place, value in enumerate(values) if value > 0)
        if order:
            return order[len(order) // 2][1]
    return None
