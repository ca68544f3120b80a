"""The HTML page of `mriembed check`: findings first, then figures and pictures of each measurement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from mriembed._build_info import VERSION
from mriembed.check.drawings import (
    MeasurementDrawings,
    drawings_of,
    found_coils,
    found_slices,
    other_coils,
    shown_slice,
)
from mriembed.check.limits_table import limit_rows
from mriembed.check.measurement import Measurement
from mriembed.check.pictures import PLOT_HEIGHT, PLOT_WIDTH
from mriembed.check.samples import read_samples
from mriembed.check.tables import Row, coil_rows, slice_rows
from mriembed.errors import BadInputError
from mriembed.scan_readers import open_scan
from mriembed.templates import render

_MOST_OTHERS = 64  # coils without findings that a page draws


@dataclass(frozen=True)
class ScanFiles:
    """How the scans were read.

    Attributes:
        paths: of the files, by their names in `Measurement.file`.
        group: the measurement that was read of each file; "": all.
        noise: the file with the noise measurement; None: each scan's own.
        allow_undersampled: scans with missing lines and no ACS lines, too.
    """

    paths: Mapping[str, Path]
    group: str = ""
    noise: Path | None = None
    allow_undersampled: bool = False


@dataclass(frozen=True)
class MeasurementView:
    """One measurement on the page. `note`: why there are no drawings."""

    title: str
    findings: list[str]
    not_judged: str
    coils: int
    slices: int
    limit_rows: list[Row]
    coil_rows: list[Row]
    slice_rows: list[Row]
    drawings: MeasurementDrawings | None
    note: str


@dataclass(frozen=True)
class _Placed:
    """A measurement, and the place of its first slice in the file."""

    measurement: Measurement
    first: int

    def order(self) -> float:
        """The worst first."""
        findings = self.measurement.findings
        return -findings[0].severity if findings else 0.0


def html_page(measurements: Sequence[Measurement], files: ScanFiles, errors: Sequence[str] = ()) -> str:
    """The page.

    Args:
        measurements: in the order in which the program gave them.
        files: the scans, which are read for the pictures.
        errors: what the program said of files that it could not check.
    """
    views = []
    left = _MOST_OTHERS
    for placed in sorted(_placed(measurements), key=_Placed.order):
        others = len(other_coils(placed.measurement, draw_all=True))
        draw_all = others <= left
        left -= others if draw_all else 0
        views.append(_view(placed, files, draw_all=draw_all))
    return render(
        "check.html.j2",
        views=views,
        errors=errors,
        findings=sum(len(view.findings) for view in views),
        version=VERSION,
        created=datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        plot_width=PLOT_WIDTH,
        plot_height=PLOT_HEIGHT,
    )


def _placed(measurements: Sequence[Measurement]) -> Iterator[_Placed]:
    """A file's measurements follow each other, and so do their slices in the file."""
    before: Measurement | None = None
    first = 0
    for measurement in measurements:
        is_same_file = before is not None and before.file == measurement.file and before.number < measurement.number
        first = first + len(before.slices) if before is not None and is_same_file else 0
        yield _Placed(measurement, first)
        before = measurement


def _view(placed: _Placed, files: ScanFiles, *, draw_all: bool) -> MeasurementView:
    measurement = placed.measurement
    drawings: MeasurementDrawings | None = None
    note = ""
    if not measurement.findings and not draw_all:
        note = "Pictures are left out: other scans of this page have filled it."
    else:
        try:
            drawings = _drawings(placed, files, draw_all=draw_all)
        except BadInputError as error:
            note = f"There are no pictures, because the samples cannot be read: {error}"
    return MeasurementView(
        title=measurement.file + (f": measurement {measurement.number}" if measurement.number else ""),
        findings=[finding.text for finding in measurement.findings],
        not_judged=measurement.not_judged,
        coils=len(measurement.coils),
        slices=len(measurement.slices),
        limit_rows=limit_rows(measurement),
        coil_rows=coil_rows(measurement, found_coils(measurement)),
        slice_rows=slice_rows(measurement, found_slices(measurement)),
        drawings=drawings,
        note=note,
    )


def _drawings(placed: _Placed, files: ScanFiles, *, draw_all: bool) -> MeasurementDrawings:
    measurement = placed.measurement
    path = files.paths.get(measurement.file, Path(measurement.file))
    scan = open_scan(path, group=files.group, noise=files.noise, allow_undersampled=files.allow_undersampled)
    samples = read_samples(
        scan,
        range(placed.first, placed.first + len(measurement.slices)),
        shown=placed.first + shown_slice(measurement),
        coils=len(measurement.coils),
    )
    return drawings_of(measurement, samples, draw_all=draw_all)
