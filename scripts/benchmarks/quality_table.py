"""The quality tables of the model card, in Markdown, from results/quality.json."""

import json
from pathlib import Path
from typing import Any

from mriembed.simulation.perturbation import GHOST, TILT, TRANSMIT_DEVIATION

QUALITY = Path(__file__).resolve().parent / "results" / "quality.json"
METHODS = {
    "model, float32": "default model",
    "thumbnail 32 x 32": "thumbnail 32 x 32",
    "registered thumbnail 64 x 64": "registered thumbnail 64 x 64",
    "random weights": "random weights",
}

# Changes that are made alone at several levels, and how strong they are there.
SINGLE_CHANGES = {
    "tilt": "tilt of {} degrees".format(" / ".join(f"{degrees:g}" for degrees in TILT.values())),
    "transmit field": "transmit field, flip angles up to {} % off".format(
        " / ".join(f"{100 * deviation:g}" for deviation in TRANSMIT_DEVIATION.values())
    ),
    "ghost": "N/2 ghost of {} %".format(" / ".join(f"{100 * strength:g}" for strength in GHOST.values())),
}
LEVELS = tuple(TILT)


def trial_name(trial: str, scores: dict[str, dict[str, Any]]) -> str:
    kind, _, rest = trial.partition(", ")
    return f"{scores['model, float32']['gallery']} {kind} slices, {rest}"


def scores_of_trials(results: dict[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    """The scores of each trial by its name, by the name of the method."""
    trials: dict[str, dict[str, dict[str, Any]]] = {}
    for score in results["scores"]:
        trials.setdefault(score["trial"], {})[score["method"]] = score
    return trials


def rows(results: dict[str, Any]) -> list[tuple[str, dict[str, str]]]:
    """Names of the rows, and each method's figure; without the changes that are made alone at several levels."""
    table = [
        (trial_name(trial, scores), {method: f"{scores[method]['recall_at_1']:.3f}" for method in METHODS})
        for trial, scores in scores_of_trials(results).items()
        if not any(f", {change} alone, " in trial for change in SINGLE_CHANGES)
    ]
    volumes = {score["method"]: score for score in results["volumes"]}
    if volumes:
        index = volumes["model, float32"]["spacing"].index(4)
        figures = {
            "volumes, another session: exact slice at 4 mm": [score["exact"][index] for score in volumes.values()],
            "nearest other slice is a neighbour": [score["neighbour_is_nearest"] for score in volumes.values()],
            "Spearman of distance with offset": [score["spearman"] for score in volumes.values()],
        }
        first_same = next((place for place, (name, _) in enumerate(table) if "same session" in name), len(table))
        table[first_same:first_same] = [
            (name, {method: f"{value:.3f}" for method, value in zip(volumes, values, strict=True)})
            for name, values in figures.items()
        ]
    pairs = results["repeated_scans"]
    if pairs:
        found = {method: sum(pair["found"][method] for pair in pairs) for method in METHODS}
        table.append(("repeated scans", {method: f"{count} of {len(pairs)}" for method, count in found.items()}))
    return table


def single_change_rows(results: dict[str, Any]) -> list[tuple[str, dict[str, str]]]:
    """Names of the rows, and each method's figures at the three levels."""
    trials = scores_of_trials(results)
    table = []
    for kind in ("simulated", "measured"):
        for change, name in SINGLE_CHANGES.items():
            levels = [trials.get(f"{kind}, {change} alone, {level}") for level in LEVELS]
            found = [scores for scores in levels if scores is not None]
            if found:
                size = found[0]["model, float32"]["gallery"]
                figures = {
                    method: " / ".join(f"{scores[method]['recall_at_1']:.3f}" for scores in found) for method in METHODS
                }
                table.append((f"{size} {kind} slices, {name}", figures))
    return table


def as_markdown(heading: str, table: list[tuple[str, dict[str, str]]]) -> list[str]:
    """The lines of a table."""
    lines = [f"| {heading} | " + " | ".join(METHODS.values()) + " |", "|---" * (1 + len(METHODS)) + "|"]
    return lines + [
        f"| {name} | " + " | ".join(figures[method] for method in METHODS) + " |" for name, figures in table
    ]


def main() -> None:
    results = json.loads(QUALITY.read_text())
    print("\n".join(as_markdown("recall@1", rows(results["evaluation"]))), end="\n\n")
    alone = single_change_rows(results["single_changes"])
    print("\n".join(as_markdown("recall@1, easy / medium / hard", alone)))


if __name__ == "__main__":
    main()
