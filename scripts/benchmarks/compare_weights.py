"""The figures by which weights become the default (the model card's rule), of several model files by the same trials.

    compare_weights.py MODEL [MODEL ...] [--slices N] [--volumes N] [--seed N] [--json FILE]
                       [--scans PLACE ... --image-files PATTERN --pairs FILE --repeats N]

As `mriembed evaluate` measures them, in float32, without the baselines: these take most of its time. Beside the figures
of the rule, of simulated slices only, it prints the medians of distances and their overlaps, and with --scans how often
measured slices are found in another session, medium, by a thumbnail, too. --slices 0 leaves out the simulated slices.
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path

from machine import processor, today, versions

from mriembed import Embedder
from mriembed.evaluation.measured import measured_trials, read_pairs
from mriembed.evaluation.methods import DeployedModel, Method, Thumbnail
from mriembed.evaluation.simulated import simulated_trials
from mriembed.evaluation.volume_trials import volume_trials
from mriembed.scans import read_usable_slices

_TRIALS = {
    "easy": "simulated, another session, easy",
    "medium": "simulated, another session, medium",
    "hard": "simulated, another session, hard",
    "phase": "simulated, phase alone",
    "array": "simulated, array alone",
    "same session": "simulated, same session, medium",
}
_MEASURED = "measured, another session, medium"
_SPACING = 4  # millimetres


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=Path, metavar="MODEL")
    parser.add_argument("--slices", type=int, default=1000)
    parser.add_argument("--volumes", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="file for the results")
    parser.add_argument("--scans", nargs="+", default=[], type=Path)
    parser.add_argument("--image-files", action="append", default=[], help="pattern of files that hold coil images")
    parser.add_argument("--pairs", type=Path, help="repeated scans, as of `mriembed evaluate`")
    parser.add_argument("--repeats", type=int, default=8, help="acquisitions of each measured slice")
    options = parser.parse_args()

    embedders = [Embedder.load(model) for model in options.models]
    names = [
        f"{model.stem} {embedder.info.weights_sha256[:8]}"
        for model, embedder in zip(options.models, embedders, strict=True)
    ]
    methods: list[Method] = [DeployedModel(name, embedder) for name, embedder in zip(names, embedders, strict=True)]
    figures: dict[str, dict[str, float]] = {name: {} for name in names}
    scores = simulated_trials(methods, options.slices, options.seed, lambda _more: None)[0] if options.slices else []
    for figure, trial in _TRIALS.items():
        for score in scores:
            if score.trial == trial:
                figures[score.method][figure] = score.recall_at_1
    volumes, orderings = volume_trials(methods, options.volumes, options.seed, lambda _more: None)
    for volume in volumes:
        figures[volume.method] |= {
            "exact at 4 mm": volume.exact[volume.spacing.index(_SPACING)],
            "neighbour": volume.neighbour_is_nearest,
            "Spearman": volume.spearman,
        }
    columns = list(figures[names[0]])
    print("| model | " + " | ".join(columns) + " | mean |\n" + "|---" * (len(columns) + 2) + "|")
    for name, found in figures.items():
        values = [*found.values(), statistics.fmean(found.values())]
        print(f"| {name} | " + " | ".join(f"{value:.3f}" for value in values) + " |")
    medians = {one.method: {kind.name: kind.median for kind in one.classes} for one in orderings}
    overlaps = {one.method: {kind.name: kind.overlap for kind in one.classes[1:]} for one in orderings}
    for name in names:
        print(f"{name}: " + "; ".join(f"{kind} {median:.4f}" for kind, median in medians[name].items()))
        print(f"{name}: overlaps " + ", ".join(f"{overlap:.2f}" for overlap in overlaps[name].values()))
    measured: dict[str, float] = {}
    if options.scans:
        slices = read_usable_slices(options.scans, image_files=options.image_files, on_refused=print)
        pairs = read_pairs(options.pairs, slices) if options.pairs else []
        every = [*methods, Thumbnail()]
        found_measured = measured_trials(every, slices, pairs, options.repeats, options.seed, lambda _: None)[0]
        measured = {score.method: score.recall_at_1 for score in found_measured if score.trial == _MEASURED}
        print(f"{_MEASURED}, {len(slices)} slices: {measured}")
    if options.json:
        content = {
            "date": today(),
            "machine": processor(),
            "versions": versions(["mriembed", "numpy", "torch"]),
            "slices": options.slices,
            "volumes": options.volumes,
            "seed": options.seed,
            "weights_sha256": {name: one.info.weights_sha256 for name, one in zip(names, embedders, strict=True)},
            "figures": figures,
            "medians": medians,
            "overlaps": overlaps,
            "measured": measured,
        }
        options.json.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
