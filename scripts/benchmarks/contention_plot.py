"""Draws the results of contention.py: what a call takes, idle and beside busy processes.

python scripts/benchmarks/contention_plot.py RESULTS.json OUT.png
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl

if TYPE_CHECKING:
    from contention import Measured, Run

mpl.use("Agg")
import matplotlib.pyplot as plt

# Okabe and Ito's colours, safe for the colour-blind; one thread is light, all threads are dark.
COLOURS = {"libmriembed": "#009E73", "libmriembed before": "#999999", "ONNX Runtime": "#0072B2", "OpenVINO": "#CC79A7"}


def draw(run: Run, picture: Path) -> None:
    """A panel for each precision, for one calling thread: p50 as bars, p99 as marks above them."""
    rows = [row for row in run.rows if row.callers == min(row.callers for row in run.rows)]
    precisions = sorted({row.precision for row in rows}, reverse=True)
    figure, axes = plt.subplots(1, len(precisions), figsize=(11, 4.2), sharey=True, squeeze=False)
    for panel, precision in zip(axes[0], precisions, strict=True):
        _panel(panel, precision, [row for row in rows if row.precision == precision])
    axes[0][0].set_ylabel("milliseconds of a call: bar p50, mark p99")
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=4, frameon=False, fontsize=8)
    shape = ",".join(map(str, run.shape))
    figure.suptitle(f"Network, one call of ({shape}) beside busy processes\n{run.machine}, {run.date}", fontsize=10)
    figure.tight_layout(rect=(0, 0.1, 1, 1))
    figure.savefig(picture, dpi=160)
    plt.close(figure)


def _panel(panel: Any, precision: str, rows: list[Measured]) -> None:  # noqa: ANN401  (matplotlib's Axes)
    loads = sorted({row.busy_processes for row in rows})
    kinds = list(dict.fromkeys((row.way, row.threads) for row in rows))
    width = 0.8 / len(kinds)
    for index, (way, threads) in enumerate(kinds):
        own = {row.busy_processes: row for row in rows if (row.way, row.threads) == (way, threads)}
        places = [place + (index - (len(kinds) - 1) / 2) * width for place in range(len(loads))]
        label = f"{way}, {threads} thread{'s' if threads > 1 else ''}"
        alpha = 0.45 if threads == 1 else 1.0
        colour = COLOURS[way]
        panel.bar(places, [own[load].p50_ms for load in loads], width, color=colour, alpha=alpha, label=label)
        panel.scatter(places, [own[load].p99_ms for load in loads], 14, color=colour, alpha=alpha, marker="_")
    panel.set_yscale("log")
    panel.set_yticks([1, 2, 5, 10, 20, 50], [1, 2, 5, 10, 20, 50])
    panel.minorticks_off()
    panel.set_xticks(range(len(loads)), [f"{load} busy" for load in loads])
    panel.set_title(precision, fontsize=10)
    panel.grid(axis="y", alpha=0.3)


def main() -> int:
    """Reads what contention.py wrote."""
    from contention import Measured, Run

    content = json.loads(Path(sys.argv[1]).read_text())
    rows = tuple(Measured(**row) for row in content.pop("rows"))
    draw(Run(**content | {"shape": tuple(content["shape"]), "rows": rows}), Path(sys.argv[2]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
