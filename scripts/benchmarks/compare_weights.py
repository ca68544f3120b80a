"""The figures by which weights become the default (the model card's rule), of several model files by the same trials.

    compare_weights.py MODEL [MODEL ...] [--slices N] [--volumes N] [--seed N] [--json FILE]

As `mriembed evaluate` measures them, simulated slices only, in float32, without the baselines: these take most of its
time.
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path

from machine import processor, today, versions

from mriembed import Embedder
from mriembed.evaluation.methods import DeployedModel, Method
from mriembed.evaluation.simulated import simulated_trials
from mriembed.evaluation.volume_trials import volume_trials

_TRIALS = {
    "easy": "simulated, another session, easy",
    "medium": "simulated, another session, medium",
    "hard": "simulated, another session, hard",
    "phase": "simulated, phase alone",
    "array": "simulated, array alone",
    "same session": "simulated, same session, medium",
}
_SPACING = 4  # millimetres


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=Path, metavar="MODEL")
    parser.add_argument("--slices", type=int, default=1000)
    parser.add_argument("--volumes", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="file for the results")
    options = parser.parse_args()

    embedders = [Embedder.load(model) for model in options.models]
    names = [
        f"{model.stem} {embedder.info.weights_sha256[:8]}"
        for model, embedder in zip(options.models, embedders, strict=True)
    ]
    methods: list[Method] = [DeployedModel(name, embedder) for name, embedder in zip(names, embedders, strict=True)]
    figures: dict[str, dict[str, float]] = {name: {} for name in names}
    scores = simulated_trials(methods, options.slices, options.seed, lambda _more: None)[0]
    for figure, trial in _TRIALS.items():
        for score in scores:
            if score.trial == trial:
                figures[score.method][figure] = score.recall_at_1
    for volume in volume_trials(methods, options.volumes, options.seed, lambda _more: None)[0]:
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
        }
        options.json.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
