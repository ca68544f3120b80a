"""Draws the results of compare.py as a picture for docs/benchmarks.md.

    python scripts/benchmarks/plot.py RESULTS.json OUT.png

Every dot is the median time of one way to run a case, divided by libmriembed's of the same case.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import matplotlib as mpl
from results import KSPACE, MARKS, OWN, Case, Run, read_run

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullLocator

PIXELS_PER_INCH = 100  # in points of the page; the file has twice as many
WIDTH = 900
ROW = 21
PANEL_HEAD = 86
TOP, BOTTOM = 54, 52
LEFT, RIGHT = 306, 26
THREADS_END, OWN_END = 215, 290  # where these columns end
INK, FAINT, BAND = "#222222", "#8a8a8a", "#f3f4f6"
TIMES = "\N{MULTIPLICATION SIGN}"
TICKS = (0.1, 0.2, 0.5, 1, 2, 3, 5, 10, 20, 50, 100)


@dataclass(frozen=True)
class Style:
    """Colour (Okabe and Ito's, safe for the colour-blind) and shape, so that neither is needed alone."""

    colour: str
    marker: str
    size: float = 7.5


STYLES = {
    "ONNX Runtime": Style("#0072B2", "o"),
    "NumPy/SciPy + ONNX Runtime": Style("#0072B2", "o"),
    "OpenVINO": Style("#CC79A7", "s", 6.8),
    "torch.compile": Style("#E69F00", "^", 8.2),
    "TorchScript, Python": Style("#D55E00", "D", 6.2),
    "TorchScript, C++": Style("#56B4E9", "v", 8.2),
}


@dataclass(frozen=True)
class Panel:
    """One group of cases under one heading."""

    heading: str
    cases: tuple[Case, ...]


def main() -> int:
    """Returns 2 for a file that holds no results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("results", type=Path, metavar="RESULTS.json", help="written by compare.py --json")
    parser.add_argument("picture", type=Path, metavar="OUT.png")
    arguments = parser.parse_args()
    try:
        run = read_run(arguments.results)
        panels = panels_of(run)
        if not panels:
            raise ValueError(f"{arguments.results}: no case in which libmriembed was measured")
        draw(run, panels, arguments.picture)
    except OSError as error:
        print(f"plot.py: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    except ValueError as error:
        print(f"plot.py: {error}", file=sys.stderr)
        return 2
    return 0


def panels_of(run: Run) -> list[Panel]:
    """The panels that hold something, each with its cases in the order of the run."""
    kinds = (
        ("Network in float32", "stacked", "float32"),
        ("Network in bfloat16", "stacked", "bfloat16"),
        ("k-space to embedding in float32, by way of 8 virtual coils", KSPACE, "float32"),
    )
    panels = [
        Panel(
            heading,
            tuple(
                case
                for case in run.cases
                if (case.input, case.precision) == (kind, precision) and case.median_ms(OWN) is not None
            ),
        )
        for heading, kind, precision in kinds
    ]
    return [panel for panel in panels if panel.cases]


def draw(run: Run, panels: Sequence[Panel], picture: Path) -> None:
    """Panels one above the other on one logarithmic axis of ratios."""
    plt.rcParams.update({"font.family": "DejaVu Sans", "font.size": 9, "text.color": INK, "axes.edgecolor": FAINT})
    heights = [ROW * len(panel.cases) for panel in panels]
    height = TOP + sum(heights) + PANEL_HEAD * len(panels) + BOTTOM
    figure = plt.figure(figsize=(WIDTH / PIXELS_PER_INCH, height / PIXELS_PER_INCH), facecolor="white")
    figure.text(
        14 / WIDTH,
        1 - 24 / height,
        "Time of one call, as a multiple of libmriembed's (right of the line: slower)",
        fontsize=14,
        weight="bold",
    )
    figure.text(
        14 / WIDTH,
        1 - 46 / height,
        f"{run.machine} · {run.date} · medians of {run.rounds} calls, taking turns · same weights, same input",
        color="#555555",
    )
    ratios = [ratio for panel in panels for case in panel.cases for _, ratio in _ratios(case)] or [1.0]
    limits = (min(0.93, min(ratios) / 1.12), max(2.0, max(ratios) * 1.15))
    top = TOP
    for index, (panel, panel_height) in enumerate(zip(panels, heights, strict=True)):
        top += PANEL_HEAD
        bottom = 1 - (top + panel_height) / height
        axes = figure.add_axes((LEFT / WIDTH, bottom, (WIDTH - LEFT - RIGHT) / WIDTH, panel_height / height))
        _panel(axes, panel, limits, panel_height, last=index == len(panels) - 1)
        top += panel_height
    figure.savefig(picture, dpi=2 * PIXELS_PER_INCH)
    plt.close(figure)


def _panel(axes: Axes, panel: Panel, limits: tuple[float, float], height: int, last: bool) -> None:
    count = len(panel.cases)
    axes.set(xscale="log", xlim=limits, ylim=(count - 0.5, -0.5))
    axes.spines[["top", "right", "left", "bottom"]].set_visible(False)
    axes.tick_params(length=0, labelsize=8.5, labelcolor="#555555")
    ticks = [tick for tick in TICKS if limits[0] <= tick <= limits[1]]
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(ticks)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}{TIMES}"))
    axes.grid(axis="x", color="#dddddd", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.set_yticks([])
    if last:
        axes.set_xlabel("time / libmriembed's time, logarithmic", color="#555555", labelpad=6)

    _label(axes, panel, height)
    per_pixel = 1 / height
    heading = axes.text(
        _column(14), 1 + 42 * per_pixel, panel.heading, transform=axes.transAxes, fontsize=11, weight="bold"
    )
    if absent := _absent(panel):
        axes.annotate(
            f"without {' and '.join(absent)}",
            xy=(1, 0),
            xycoords=heading,
            xytext=(8, 0),
            textcoords="offset points",
            va="bottom",
            fontsize=8.5,
            color=FAINT,
        )
    columns = axes.get_yaxis_transform()
    for text, place in (("threads", THREADS_END), ("libmriembed", OWN_END)):
        axes.text(
            _column(place), 1 + 8 * per_pixel, text, transform=axes.transAxes, ha="right", fontsize=8, color=FAINT
        )
    kind = "coils, matrix" if panel.cases[0].input == KSPACE else f"slices {TIMES} channels {TIMES} H {TIMES} W"
    axes.text(_column(14), 1 + 8 * per_pixel, kind, transform=axes.transAxes, ha="left", fontsize=8, color=FAINT)
    names = list(dict.fromkeys(_name(case) for case in panel.cases))
    for position, case in enumerate(panel.cases):
        if names.index(_name(case)) % 2 == 0:
            axes.axhspan(position - 0.5, position + 0.5, color=BAND, zorder=0, linewidth=0)
        if position == 0 or _name(case) != _name(panel.cases[position - 1]):
            axes.text(_column(14), position, _name(case), transform=columns, va="center")
        axes.text(_column(THREADS_END), position, str(case.threads), transform=columns, va="center", ha="right")
        own = case.median_ms(OWN) or 0.0
        axes.text(
            _column(OWN_END), position, _milliseconds(own), transform=columns, va="center", ha="right", weight="bold"
        )
        for name, ratio in _ratios(case):
            style = STYLES[name]
            axes.plot(
                ratio,
                position,
                style.marker,
                color=style.colour,
                markersize=style.size,
                markeredgecolor="white",
                markeredgewidth=0.7,
                zorder=4,
            )
    axes.axvline(1, color=INK, linewidth=2, zorder=3)


def _label(axes: Axes, panel: Panel, height: int) -> None:
    """Names above the panel, each tied to its peer's first dot, moved apart where they would overlap."""
    first: dict[str, tuple[float, int]] = {}
    for position, case in enumerate(panel.cases):
        for name, ratio in _ratios(case):
            first.setdefault(name, (ratio, position))
    width = WIDTH - LEFT - RIGHT
    low, high = axes.get_xlim()
    wanted = {name: width * math.log(ratio / low) / math.log(high / low) for name, (ratio, _) in first.items()}
    names = sorted(wanted, key=wanted.__getitem__)
    boxes = [axes.text(0, 0, name, fontsize=8.5).get_window_extent() for name in names]
    for text in list(axes.texts):
        text.remove()
    scale = PIXELS_PER_INCH / axes.figure.dpi
    places = spread([wanted[name] for name in names], [box.width * scale for box in boxes], -60.0, width + RIGHT - 4.0)
    for name, place in zip(names, places, strict=True):
        ratio, position = first[name]
        colour = STYLES[name].colour
        axes.annotate(
            name,
            xy=(ratio, position),
            xytext=(place / width, 1 + 14 / height),
            textcoords=axes.transAxes,
            ha="center",
            va="bottom",
            fontsize=8.5,
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 1.2, "shrinkA": 1, "shrinkB": 0},
            annotation_clip=False,
        )


def spread(wanted: Sequence[float], widths: Sequence[float], low: float, high: float, gap: float = 9) -> list[float]:
    """Centres of labels of these widths, in their order, between low and high and as near as can be to the wanted ones.

    Less the room that the labels before it take, no centre may lie below its predecessor's: this is least-squares
    isotonic regression, where neighbours that would overlap share their mean.
    """
    offsets = [sum(widths[:index]) + widths[index] / 2 + index * gap for index in range(len(widths))]
    blocks: list[list[float]] = []
    for centre, offset in zip(wanted, offsets, strict=True):
        blocks.append([centre - offset])
        while len(blocks) > 1 and fmean(blocks[-2]) > fmean(blocks[-1]):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    last = high - (sum(widths) + gap * (len(widths) - 1))
    starts = [max(low, min(fmean(block), last)) for block in blocks for _ in block]
    return [start + offset for start, offset in zip(starts, offsets, strict=True)]


def _column(pixels: float) -> float:
    """A place left of the axes, counted from the picture's edge, in the axes' units."""
    return (pixels - LEFT) / (WIDTH - LEFT - RIGHT)


def _ratios(case: Case) -> list[tuple[str, float]]:
    """Each measured peer whose embeddings are right, and its time / libmriembed's."""
    own = case.median_ms(OWN) or 0.0
    return [
        (row.name, row.times.median_ms / own)
        for row in case.rows
        if row.times is not None
        and row.name not in (OWN, *MARKS)
        and row.name in STYLES
        and row.agreement is not None
        and row.agreement.agrees
    ]


def _absent(panel: Panel) -> list[str]:
    """Peers that were measured in none of the panel's cases; the table says why."""
    names = dict.fromkeys(row.name for case in panel.cases for row in case.rows if row.name not in (OWN, *MARKS))
    measured = {name for case in panel.cases for name, _ in _ratios(case)}
    return [name for name in names if name not in measured]


def _name(case: Case) -> str:
    if case.input == KSPACE:
        return f"{case.shape[1]} coils, {case.shape[2]} {TIMES} {case.shape[3]}"
    return f" {TIMES} ".join(map(str, case.shape))


def _milliseconds(value: float) -> str:
    return f"{value:.2f} ms" if value < 10 else f"{value:.1f} ms" if value < 100 else f"{value:.0f} ms"


if __name__ == "__main__":
    sys.exit(main())
