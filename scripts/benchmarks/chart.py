"""Draws results/speed.png, the chart of docs/benchmarks.md, from results/speed.json.

    python scripts/benchmarks/chart.py

Above, of compare.py: the median time of each other way to run the network, divided by libmriembed's of the same case.
In the middle, of contention.py: what one call takes beside busy processes, with one thread for each core.
Below, of cold_start.py: what the command line takes from its start to its end.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
from results import NETWORK_INPUT, OWN, Case, Run, describe_shape, run_of

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

RESULTS = Path(__file__).resolve().parent / "results"
# Okabe and Ito's colours, safe for the colour-blind, and shapes, so that neither is needed alone.
WAYS = {
    OWN: ("#009E73", "P"),
    "ONNX Runtime": ("#0072B2", "o"),
    "OpenVINO": ("#CC79A7", "s"),
    "torch.compile": ("#E69F00", "^"),
    "TorchScript, Python": ("#D55E00", "D"),
    "TorchScript, C++": ("#56B4E9", "v"),
}
PRECISIONS = ("float32", "bfloat16")


def main() -> None:
    speed = json.loads((RESULTS / "speed.json").read_text())
    run, load, start = run_of(speed["network"]), speed["under_load"], speed["cold_start"]
    with plt.rc_context({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True}):
        figure, panels = plt.subplots(
            3, 2, figsize=(9, 10), sharey="row", height_ratios=(6, 4, 2), layout="constrained"
        )
        for row in panels[:2]:
            row[1].sharex(row[0])
        for column, precision in enumerate(PRECISIONS):
            draw_ratios(panels[0][column], run, precision)
            draw_load(panels[1][column], load, precision)
        panels[1][0].set_ylabel("ms of a call: bar p50, line p99")
        draw_start(panels[2][0], start, "wall_ms", "ms from start to end")
        draw_start(panels[2][1], start, "resident_mib", "MiB of memory")
        handles, labels = panels[0][0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False)
        figure.savefig(RESULTS / "speed.png", dpi=160)


def draw_ratios(panel: Axes, run: Run, precision: str) -> None:
    """A row for each case, a mark for each way whose embeddings are right."""
    cases = [case for case in run.cases if (case.input, case.precision) == (NETWORK_INPUT, precision)]
    for name, (colour, marker) in WAYS.items():
        points = [(ratio, row) for row, case in enumerate(cases) if (ratio := ratio_of(case, name)) is not None]
        if points:
            panel.plot(*zip(*points, strict=True), marker, color=colour, label=name)
    panel.axvline(1, color=WAYS[OWN][0], linewidth=1)
    panel.set_xscale("log")
    panel.set_xticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
    panel.minorticks_off()
    panel.set_yticks(range(len(cases)), [f"{describe_shape(case)}, {case.threads} thr." for case in cases])
    panel.set_ylim(len(cases) - 0.5, -0.5)
    panel.set_xlabel("time / libmriembed's time")
    panel.set_title(f"Network, {precision}\n{run.machine}, {run.date}", fontsize=9)
    panel.grid(alpha=0.3)


def ratio_of(case: Case, name: str) -> float | None:
    """Time of a way / libmriembed's, where it was measured and its embeddings are right."""
    row, own = case.row(name), case.median_ms(OWN)
    if row is None or row.times is None or own is None or row.agreement is None or not row.agreement.agrees:
        return None
    return row.times.median_ms / own


def draw_load(panel: Axes, load: dict[str, Any], precision: str) -> None:
    """Bars of each way under each load, of one caller."""
    threads = max(row["threads"] for row in load["rows"])
    rows = [
        row for row in load["rows"] if (row["precision"], row["callers"], row["threads"]) == (precision, 1, threads)
    ]
    loads = sorted({row["busy_processes"] for row in rows})
    names = list(dict.fromkeys(row["way"] for row in rows))
    width = 0.8 / len(names)
    for index, name in enumerate(names):
        own = [row for row in rows if row["way"] == name]
        places = [loads.index(row["busy_processes"]) + (index - (len(names) - 1) / 2) * width for row in own]
        median, rare = ([row[f"{figure}_ms"] for row in own] for figure in ("p50", "p99"))
        above = [[0.0] * len(own), [high - low for low, high in zip(median, rare, strict=True)]]
        panel.bar(places, median, width, color=WAYS[name][0], yerr=above, ecolor="#555555", capsize=2)
    panel.set_xticks(range(len(loads)), [f"{load} busy" if load else "idle" for load in loads])
    shape = " x ".join(map(str, load["shape"]))
    panel.set_title(f"Under load, {precision}, {shape}, {threads} thr.\n{load['machine']}, {load['date']}", fontsize=9)
    panel.grid(axis="y", alpha=0.3)


def draw_start(panel: Axes, start: dict[str, Any], figure: str, label: str) -> None:
    """A bar for each command, with its value."""
    commands = list(start["median"])
    values = [start["median"][command][figure] for command in commands]
    panel.bar_label(panel.barh(range(len(commands)), values, color=WAYS[OWN][0]), padding=3)
    panel.set_yticks(range(len(commands)), commands)
    panel.set_ylim(len(commands) - 0.5, -0.5)
    panel.margins(x=0.15)
    panel.set_xlabel(label)
    panel.set_title(f"mriembed_cli, one small slice\n{start['processor']}, {start['date']}", fontsize=9)


if __name__ == "__main__":
    main()
