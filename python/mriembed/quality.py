"""Faults of coils and signal: the figures and findings of `mriembed_cli check`, on arrays and on scan files.

docs/check.md has formulas, limits and rates. No model file is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mriembed import _core
from mriembed.errors import BadInputError, InvalidArgumentError, about_file
from mriembed.scan_readers import open_scan


@dataclass(frozen=True)
class CoilQuality:
    """Figures of one coil, over all slices. Amplitudes have the unit of the samples.

    Attributes:
        noise: standard deviation of the complex noise; 0: not known.
        noise_is_estimated: from k-space, because there is no noise measurement.
        signal: root mean square of the samples without noise.
        signal_share: share of the array's power.
        snr: signal / noise; 0 if the noise is not known.
        correlation: largest correlation of its noise with that of another coil; 0 if not known.
        correlated_with: that coil; -1 if the correlation is not known.
        clipped: real and imaginary parts with the coil's largest magnitude, if that repeats; 0 otherwise.
        is_zero: all samples are zero.
        echo_contrast: power around the echo over that elsewhere, about 1 in noise alone; 0: not known.
        scan_noise: noise as it is estimated from k-space, if there is a noise measurement; 0: not known.
    """

    noise: float
    noise_is_estimated: bool
    signal: float
    signal_share: float
    snr: float
    correlation: float
    correlated_with: int
    clipped: int
    is_zero: bool
    echo_contrast: float
    scan_noise: float


@dataclass(frozen=True)
class Spike:
    """The sample of a slice that stands out most.

    By its power, or by its residual: the part of it that the neighbouring lines do not explain.

    Attributes:
        y: its line.
        x: its sample in the line.
        level: power, or that of the residual, over the mean of the samples around it; 0: not known.
        share: its magnitude over that of the slice's peak.
    """

    y: int
    x: int
    level: float
    share: float


@dataclass(frozen=True)
class SliceQuality:
    """Figures of one slice.

    Attributes:
        lines: of k-space.
        measured_lines: of these.
        spike: the spike by power.
        residual_spike: the spike by the residual.
        echo_y: where k-space peaks along y, in samples from its centre.
        echo_x: the same along x.
        lines_are_judged: False: the motion is not known.
        ghost_is_judged: False: the ghost is not known.
        ghost_phase: of odd lines relative to even ones, in radians.
        motion_level: level of a sudden motion.
        motion_line: the first line after the motion.
        zero_readouts: lost readouts, of one coil each, where other coils measured the line.
        zero_readouts_coil: the coil with the most of them; -1: none.
        echo_contrast: power around the echo over that elsewhere, of the median coil; 0: not known.
        signal_change: factor by which a coil's echo_contrast differs from the slice before; 1: not judged.
        signal_change_coil: that coil.
        coil_change_is_judged: False: coil_change is not known.
        coil_change: level of a change of a coil's gain or phase between two lines.
        coil_change_coil: that coil.
        coil_change_line: the first line after the change.
        lost_lines: lines that are zero in all coils although nearly all others were measured.
    """

    lines: int
    measured_lines: int
    spike: Spike
    echo_y: int
    echo_x: int
    lines_are_judged: bool
    ghost_is_judged: bool
    ghost_phase: float
    motion_level: float
    motion_line: int
    zero_readouts: int
    zero_readouts_coil: int
    residual_spike: Spike
    echo_contrast: float
    signal_change: float
    signal_change_coil: int
    coil_change_is_judged: bool
    coil_change: float
    coil_change_coil: int
    coil_change_line: int
    lost_lines: int


@dataclass(frozen=True)
class Interference:
    """The strongest line in the spectrum of the noise.

    Attributes:
        level: its power over its neighbours'; 1: none; 0: not known.
        frequency: cycles per sample of the readout, -0.5 to 0.5.
        coil: the coil in which it stands out most.
    """

    level: float
    frequency: float
    coil: int


@dataclass(frozen=True)
class ScanQualityFigures:
    """All figures of a scan.

    Attributes:
        coils: of each coil.
        slices: of each slice.
        interference: of the whole scan.
        correlation_samples: from which correlations of noise are known; 0: many.
    """

    coils: list[CoilQuality]
    slices: list[SliceQuality]
    interference: Interference
    correlation_samples: int


@dataclass(frozen=True)
class QualityLimits:
    """Figures beyond these are findings.

    Noise and SNR are multiples of the array's median; those from `noise_increase` to `array_noise_decrease`, of a
    reference's noise.
    """

    high_noise: float = _core.QualityLimits().high_noise
    low_noise: float = _core.QualityLimits().low_noise
    low_snr: float = _core.QualityLimits().low_snr
    correlation: float = _core.QualityLimits().correlation
    clipped: float = _core.QualityLimits().clipped
    interference: float = _core.QualityLimits().interference
    spike: float = _core.QualityLimits().spike
    ghost_phase: float = _core.QualityLimits().ghost_phase
    motion_level: float = _core.QualityLimits().motion_level
    zero_readouts: float = _core.QualityLimits().zero_readouts
    residual_spike: float = _core.QualityLimits().residual_spike
    noise_increase: float = _core.QualityLimits().noise_increase
    noise_decrease: float = _core.QualityLimits().noise_decrease
    array_noise_increase: float = _core.QualityLimits().array_noise_increase
    array_noise_decrease: float = _core.QualityLimits().array_noise_decrease
    no_signal: float = _core.QualityLimits().no_signal
    signal_change: float = _core.QualityLimits().signal_change
    coil_change: float = _core.QualityLimits().coil_change
    scan_noise: float = _core.QualityLimits().scan_noise
    lost_lines: float = _core.QualityLimits().lost_lines
    echo: float = _core.QualityLimits().echo


@dataclass(frozen=True)
class Finding:
    """A figure beyond its limit.

    Attributes:
        fault: "zero_coil", "no_signal", "high_noise", "low_noise", "correlated", "clipped", "interference", "spike",
            "ghost", "motion", "lost_readouts", "noise_increase", "noise_decrease", "signal_change", "coil_change",
            "scan_noise", "lost_lines" or "echo".
        coil: from 0; None: the array.
        slice: in the order of `add_slice`; None: all.
        value: the figure.
        limit: its limit.
        severity: how far beyond the limit, as a factor of at least 1; may be infinite.
    """

    fault: str
    coil: int | None
    slice: int | None
    value: float
    limit: float
    severity: float


@dataclass(frozen=True)
class CheckedMeasurement:
    """Figures and findings of one measurement of a scan.

    Attributes:
        measurement: its number in the file, from 0.
        noise_is_measured: whether it has a noise measurement.
        coil_names: names of the coils in the header; empty texts if it has none.
        channels: the scanner's numbers of the same coils.
        dead_channels: channels without noise, which have no figures.
        figures: all figures; coils and slices are counted as in this object.
        findings: the worst first.
        lines: what `mriembed_cli check` prints, one line for each finding.
        not_judged: what could not be judged, and why; empty: nothing.
        noise_change: noise of each coil over that of the reference; None where it was not compared.
        array_noise_change: the median of these; None where fewer than 3 coils were compared.
    """

    measurement: int
    noise_is_measured: bool
    coil_names: list[str]
    channels: list[int]
    dead_channels: list[int]
    figures: ScanQualityFigures
    findings: list[Finding] = field(repr=False)
    lines: list[str]
    not_judged: str
    noise_change: list[float | None]
    array_noise_change: float | None


class ScanQuality:
    """Gathers figures slice by slice. One thread at a time may use it; the GIL is released while a slice is read."""

    def __init__(self, coils: int) -> None:
        """Of slices with this number of coils.

        Raises:
            InvalidArgumentError: less than one coil.
        """
        self._core = _core.ScanQuality(coils)

    def set_noise(self, covariance: ArrayLike, samples: int = 0) -> None:
        """Takes (coils, coils), n n^H / (N - 1), of a noise measurement with the receiver's gain and bandwidth.

        `samples`: N; 0: many.

        Raises:
            InvalidArgumentError: another shape.
            BadInputError: a diagonal that is negative or not finite.
        """
        self._core.set_noise(np.asarray(covariance, dtype=np.complex128), samples)

    def add_slice(self, kspace: ArrayLike) -> None:
        """Takes k-space (coils, y, x), complex, as the scanner measured it; complex64 is read in place.

        Lines that are zero in all coils count as missing. Slices may differ in size.

        Raises:
            InvalidArgumentError: real samples, another number of coils, or an empty axis.
            BadInputError: samples that are not finite; the figures do not include such a slice.
        """
        samples = np.asarray(kspace)
        if samples.dtype.kind != "c":
            raise InvalidArgumentError(f"k-space: expected a complex array (coils, y, x), got {samples.dtype}")
        if any(stride % np.dtype(np.complex64).itemsize for stride in samples.strides):
            samples = np.ascontiguousarray(samples)
        with np.errstate(over="ignore"):  # what does not fit becomes infinite, and is refused
            self._core.add_slice(samples.astype(np.complex64, copy=False))

    def figures(self) -> ScanQualityFigures:
        """Of all slices so far."""
        return _figures(self._core.figures())

    def findings(
        self,
        limits: QualityLimits | None = None,
        of_coils: Sequence[QualityLimits] = (),
        reference: ScanQualityFigures | None = None,
    ) -> list[Finding]:
        """All findings, the worst first.

        Args:
            limits: None: the defaults.
            of_coils: limits of each coil, for findings in coils; empty: `limits`.
            reference: figures of an earlier scan with the same coils, bandwidth and number of averages, with whose
                noise that of this scan is compared.

        Raises:
            InvalidArgumentError: another number of coils.
        """
        array = _limits(limits or QualityLimits())
        coils = reference.coils if reference is not None else []
        found = self._core.findings(
            array,
            [_limits(coil) for coil in of_coils],
            [coil.noise for coil in coils],
            any(coil.noise_is_estimated for coil in coils),
        )
        return [_finding(one) for one in found]


def check_scan(
    file: Path | str,
    *,
    group: str = "",
    limits: Path | str | None = None,
    reference: Path | str | None = None,
    allow_undersampled: bool = False,
) -> list[CheckedMeasurement]:
    """Checks a scan file of k-space, of any format that `mriembed_cli` reads.

    Args:
        file: its path.
        group: the measurement to check of a raw MRD file that holds several; by default all.
        limits: a limits file (docs/check.md).
        reference: what `mriembed_cli check --json` wrote of an earlier scan with the same coils, with whose noise that
            of this scan is compared.
        allow_undersampled: also check scans with missing lines and no ACS lines.

    Raises:
        BadInputError: the file is no scan of k-space, is damaged, or holds samples that are not finite.
        InvalidArgumentError: the limits or the reference file cannot be used.
    """
    try:
        scan = open_scan(file, group=group, allow_undersampled=allow_undersampled)
        checked = scan.check("" if limits is None else str(limits), "" if reference is None else str(reference))
    except BadInputError as error:
        raise about_file(file, error) from None
    return [
        CheckedMeasurement(
            measurement=each.measurement,
            noise_is_measured=each.noise_is_measured,
            coil_names=[each.channel_names[c] if c < len(each.channel_names) else "" for c in each.channels],
            channels=each.channels,
            dead_channels=each.dead_channels,
            figures=_figures(each.figures),
            findings=[_finding(found) for found in each.findings],
            lines=each.lines,
            not_judged=each.not_judged,
            noise_change=[change or None for change in each.noise_change],
            array_noise_change=each.array_noise_change or None,
        )
        for each in checked
    ]


def _values(of: object, cls: type[Any]) -> dict[str, Any]:
    return {each.name: getattr(of, each.name) for each in fields(cls)}


def _figures(core: _core.ScanQualityFigures) -> ScanQualityFigures:
    slices = [
        SliceQuality(
            **{
                **_values(each, SliceQuality),
                "spike": Spike(**_values(each.spike, Spike)),
                "residual_spike": Spike(**_values(each.residual_spike, Spike)),
            }
        )
        for each in core.slices
    ]
    coils = [CoilQuality(**_values(each, CoilQuality)) for each in core.coils]
    interference = Interference(**_values(core.interference, Interference))
    return ScanQualityFigures(coils, slices, interference, core.correlation_samples)


def _finding(core: _core.Finding) -> Finding:
    of_array = core.coil < 0
    of_all = core.slice < 0
    return Finding(
        core.fault,
        None if of_array else core.coil,
        None if of_all else core.slice,
        core.value,
        core.limit,
        core.severity,
    )


def _limits(limits: QualityLimits) -> _core.QualityLimits:
    core = _core.QualityLimits()
    for name, value in _values(limits, QualityLimits).items():
        setattr(core, name, value)
    return core
