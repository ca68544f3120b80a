"""The figures of one measurement, as a line of `mriembed_cli check --json` gives them (docs/check.md)."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, fields
from typing import Any

from mriembed.errors import Error
from mriembed.quality import QualityLimits, Spike


@dataclass(frozen=True)
class Coil:
    """Figures of one coil, None where they are unknown. `noise_ratio`, `snr_ratio`: over the array's median."""

    channel: int
    name: str
    noise: float | None
    noise_ratio: float | None
    noise_is_estimated: bool
    signal: float
    signal_share: float
    snr: float | None
    snr_ratio: float | None
    correlation: float | None
    correlated_with: int | None  # a channel
    clipped: int
    is_zero: bool
    echo_contrast: float | None
    scan_noise: float | None
    noise_change: float | None  # over the reference's

    @property
    def title(self) -> str:
        """As the findings call the coil."""
        return f"coil {self.channel}" + (f" ({self.name})" if self.name else "")


@dataclass(frozen=True)
class Slice:
    """Figures of one slice."""

    slice: int
    partition: int
    lines: int
    measured_lines: int
    zero_readouts: int
    spike: Spike
    residual_spike: Spike
    echo_y: int
    echo_x: int
    lines_are_judged: bool
    ghost_is_judged: bool
    ghost_phase: float
    motion_level: float
    motion_line: int
    echo_contrast: float
    signal_change: float
    coil_change_is_judged: bool
    coil_change: float
    lost_lines: int


@dataclass(frozen=True)
class Interference:
    """The strongest line of the noise spectrum. `frequency`: cycles per sample. `offset_khz`: None: not known."""

    level: float
    frequency: float
    offset_khz: float | None
    channel: int


@dataclass(frozen=True)
class Finding:
    """A figure beyond its limit.

    Attributes:
        text: as `mriembed_cli check` prints it.
        fault: its kind. channels: of the coils that it names.
        slice: the place in `Measurement.slices` of the one that it names; None: all.
        severity: how far the figure is beyond its limit, as a factor.
    """

    text: str
    fault: str
    channels: list[int]
    slice: int | None
    severity: float


@dataclass(frozen=True)
class Measurement:
    """One measurement of a scan file. `findings`: worst first."""

    file: str
    number: int
    noise_is_measured: bool
    findings: list[Finding]
    not_judged: str
    coils: list[Coil]
    dead_channels: list[int]
    interference: Interference
    slices: list[Slice]
    limits: QualityLimits
    is_compared: bool  # with a reference
    array_noise_change: float | None  # the median of the coils'


def measurement_of(line: str) -> Measurement:
    """Reads a line of `mriembed_cli check --json`.

    Raises:
        Error: the line is not what this version of mriembed expects.
    """
    try:
        found: dict[str, Any] = json.loads(line)
        return Measurement(
            file=str(found["file"]),
            number=int(found["measurement"]),
            noise_is_measured=bool(found["noise_is_measured"]),
            findings=[_finding(one) for one in found["findings"]],
            not_judged=str(found["not_judged"]),
            coils=[_coil(coil) for coil in found["coils"]],
            dead_channels=[int(channel) for channel in found["dead_channels"]],
            interference=Interference(
                float(found["interference"]["level"]),
                float(found["interference"]["frequency"]),
                _or_none(found["interference"]["offset_khz"]),
                int(found["interference"]["channel"]),
            ),
            slices=[_slice(one) for one in found["slices"]],
            limits=QualityLimits(**{each.name: float(found["limits"][each.name]) for each in fields(QualityLimits)}),
            is_compared=found["reference"] is not None,
            array_noise_change=_or_none((found["reference"] or {"noise_change": None})["noise_change"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise Error(
            f"mriembed_cli: its output is not understood ({error!r}); it must be of the same version as mriembed"
        ) from None


def _coil(found: dict[str, Any]) -> Coil:
    return Coil(
        channel=int(found["channel"]),
        name=str(found["name"]),
        noise=_or_none(found["noise"]),
        noise_ratio=_or_none(found["noise_ratio"]),
        noise_is_estimated=bool(found["noise_is_estimated"]),
        signal=float(found["signal"]),
        signal_share=float(found["signal_share"]),
        snr=_or_none(found["snr"]),
        snr_ratio=_or_none(found["snr_ratio"]),
        correlation=_or_none(found["correlation"]),
        correlated_with=None if found["correlated_with"] is None else int(found["correlated_with"]),
        clipped=int(found["clipped"]),
        is_zero=bool(found["is_zero"]),
        echo_contrast=_or_none(found["echo_contrast"]),
        scan_noise=_or_none(found["scan_noise"]),
        noise_change=_or_none(found["noise_change"]),
    )


def _finding(found: dict[str, Any]) -> Finding:
    return Finding(
        text=str(found["text"]),
        fault=str(found["fault"]),
        channels=[int(channel) for channel in found["channels"]],
        slice=None if found["slice"] is None else int(found["slice"]),
        severity=math.inf if found["severity"] is None else float(found["severity"]),
    )


def _slice(found: dict[str, Any]) -> Slice:
    return Slice(
        slice=int(found["slice"]),
        partition=int(found["partition"]),
        lines=int(found["lines"]),
        measured_lines=int(found["measured_lines"]),
        zero_readouts=int(found["zero_readouts"]),
        spike=_spike(found["spike"]),
        residual_spike=_spike(found["residual_spike"]),
        echo_y=int(found["echo_y"]),
        echo_x=int(found["echo_x"]),
        lines_are_judged=bool(found["lines_are_judged"]),
        ghost_is_judged=bool(found["ghost_is_judged"]),
        ghost_phase=float(found["ghost_phase"]),
        motion_level=float(found["motion_level"]),
        motion_line=int(found["motion_line"]),
        echo_contrast=float(found["echo_contrast"]),
        signal_change=float(found["signal_change"]),
        coil_change_is_judged=bool(found["coil_change_is_judged"]),
        coil_change=float(found["coil_change"]),
        lost_lines=int(found["lost_lines"]),
    )


def _spike(found: dict[str, Any]) -> Spike:
    return Spike(int(found["y"]), int(found["x"]), float(found["level"]), float(found["share"]))


def _or_none(number: float | None) -> float | None:
    return None if number is None else float(number)
