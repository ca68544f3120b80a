"""README's quality table, in Markdown, from the JSON of `mriembed evaluate`.

quality_table.py RESULTS.json
"""

import json
import sys
from pathlib import Path
from typing import Any

METHODS = {
    "model, float32": "default model",
    "thumbnail 32 x 32": "thumbnail 32 x 32",
    "registered thumbnail 64 x 64": "registered thumbnail 64 x 64",
    "random weights": "random weights",
}


def trial_name(trial: str, scores: dict[str, dict[str, Any]]) -> str:
    kind, _, rest = trial.partition(", ")
    return f"{scores['model, float32']['gallery']} {kind} slices, {rest}"


def rows(results: dict[str, Any]) -> list[tuple[str, dict[str, str]]]:
    """Names of the rows, and each method's figure."""
    trials: dict[str, dict[str, dict[str, Any]]] = {}
    for score in results["scores"]:
        trials.setdefault(score["trial"], {})[score["method"]] = score
    table = [
        (trial_name(trial, scores), {method: f"{scores[method]['recall_at_1']:.3f}" for method in METHODS})
        for trial, scores in trials.items()
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


def main() -> None:
    results = json.loads(Path(sys.argv[1]).read_text())
    print("| recall@1 | " + " | ".join(METHODS.values()) + " |")
    print("|---" * (1 + len(METHODS)) + "|")
    for name, figures in rows(results):
        print(f"| {name} | " + " | ".join(figures[method] for method in METHODS) + " |")


if __name__ == "__main__":
    main()
