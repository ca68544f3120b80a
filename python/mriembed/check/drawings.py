"""The pictures of one measurement's coils."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mriembed.check.measurement import Measurement
from mriembed.check.pictures import (
    Picture,
    Tick,
    correlation_picture,
    image_picture,
    kspace_picture,
    place_of,
    spectrum_axes,
)
from mriembed.check.samples import MeasurementSamples
from mriembed.check.tables import slice_title

MOST_FOUND = 16  # coils of findings that are drawn
MOST_COILS = 32  # coils of an array of which all are drawn


@dataclass(frozen=True)
class CoilDrawing:
    """One coil. `points`: of the noise spectrum's curve; "" where the coil is zero."""

    title: str
    image: Picture
    kspace: Picture
    points: str


@dataclass(frozen=True)
class Mark:
    """A place in a picture, in per cent of its width and height."""

    left: float
    top: float


@dataclass(frozen=True)
class MeasurementDrawings:
    """Coils and noise of one measurement.

    Attributes:
        slice_title: the slice that images and k-space show.
        found: coils of findings, the worst first.
        others: coils without findings.
        median_title: the coil that noise spectra are compared with. median_points: its curve.
        undrawn_found: how many coils of findings are drawn nowhere.
        ticks: of the spectra's vertical axis.
        interference: where a finding's frequency lies along the spectra's horizontal axis.
        spike: where a finding's sample lies in k-space.
        correlation: of the noise.
    """

    slice_title: str
    found: list[CoilDrawing]
    others: list[CoilDrawing]
    median_title: str
    median_points: str
    undrawn_found: int
    ticks: list[Tick]
    interference: float | None
    spike: Mark | None
    correlation: Picture | None


def found_coils(measurement: Measurement) -> list[int]:
    """Places in `Measurement.coils` of those of findings, the worst first; dead channels are not there."""
    places = {coil.channel: place for place, coil in enumerate(measurement.coils)}
    channels = dict.fromkeys(channel for finding in measurement.findings for channel in finding.channels)
    return [places[channel] for channel in channels if channel in places]


def found_slices(measurement: Measurement) -> list[int]:
    """Places of the slices of findings, the worst first."""
    return list(dict.fromkeys(finding.slice for finding in measurement.findings if finding.slice is not None))


def median_coil(measurement: Measurement) -> int | None:
    """The place of the coil of median noise, or of median signal where no noise is known; None: all are zero."""
    for values in ([coil.noise or 0 for coil in measurement.coils], [coil.signal for coil in measurement.coils]):
        order = sorted((value, place) for place, value in enumerate(values) if value > 0)
        if order:
            return order[len(order) // 2][1]
    return None


def shown_slice(measurement: Measurement) -> int:
    """The place of the slice of the worst finding that names one, otherwise of the middle slice."""
    found = found_slices(measurement)
    return found[0] if found else len(measurement.slices) // 2


def other_coils(measurement: Measurement, *, draw_all: bool) -> list[int]:
    """Places of coils that are drawn on demand: all of a small array, otherwise the median coil."""
    drawn = found_coils(measurement)[:MOST_FOUND]
    if draw_all and len(measurement.coils) <= MOST_COILS:
        wanted: Sequence[int] = range(len(measurement.coils))
    else:
        median = median_coil(measurement)
        wanted = [] if median is None else [median]
    return [place for place in wanted if place not in drawn]


def drawings_of(measurement: Measurement, samples: MeasurementSamples, *, draw_all: bool) -> MeasurementDrawings:
    """Draws a measurement. `draw_all`: also coils without findings, if the array is not too large."""
    median = median_coil(measurement)
    axes = spectrum_axes(samples.spectra, median)
    images = samples.images()

    def drawing(place: int) -> CoilDrawing:
        return CoilDrawing(
            measurement.coils[place].title,
            image_picture(images[place], samples.pixel_aspect),
            kspace_picture(samples.kspace[place]),
            axes.points(samples.spectra[place]),
        )

    coils = found_coils(measurement)
    others = other_coils(measurement, draw_all=draw_all)
    correlation = samples.correlation if measurement.noise_is_measured else None
    return MeasurementDrawings(
        slice_title=slice_title(measurement, shown_slice(measurement)),
        found=[drawing(place) for place in coils[:MOST_FOUND]],
        others=[drawing(place) for place in others],
        median_title="" if median is None else measurement.coils[median].title,
        median_points="" if median is None else axes.points(samples.spectra[median]),
        undrawn_found=len(set(coils[MOST_FOUND:]) - set(others)),
        ticks=axes.ticks(),
        interference=_interference_place(measurement),
        spike=_spike_mark(measurement, samples),
        correlation=None
        if correlation is None or len(correlation) < 2
        else correlation_picture(correlation, measurement.limits.correlation),
    )


def _interference_place(measurement: Measurement) -> float | None:
    is_found = any(finding.fault == "interference" for finding in measurement.findings)
    return place_of(measurement.interference.frequency) if is_found else None


def _spike_mark(measurement: Measurement, samples: MeasurementSamples) -> Mark | None:
    shown = shown_slice(measurement)
    if not any(finding.fault == "spike" and finding.slice == shown for finding in measurement.findings):
        return None
    height, width = samples.kspace.shape[1:]
    spike = measurement.slices[shown].spike
    return Mark(100 * (spike.x + 0.5) / width, 100 * (spike.y + 0.5) / height)
